"""The built-in machines, whose rules are listed in `machines.toml`."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from itertools import combinations
from types import MappingProxyType
from typing import Any

from ditherlab.discrete.cells.rule import CellRule
from ditherlab.errors import RequestError
from ditherlab.naming import nearest_name
from ditherlab.palette import named_palette


@cache
def cell_rules() -> Mapping[str, CellRule]:
    """Return the rules of all built-in machines by name.

    Example:
        >>> rule = cell_rules()["zx-spectrum"]
        >>> rule.height_px, rule.width_px, rule.num_colors_in_cell, len(rule.subpalettes)
        (8, 8, 2, 56)
    """
    table = tomllib.loads(files(__package__).joinpath("machines.toml").read_text(encoding="utf-8"))
    return MappingProxyType({name: _rule(name, entry) for name, entry in table.items()})


def cell_rule(name: str) -> CellRule:
    """Return the rule of a machine.

    Raises:
        RequestError: If no machine has this name; the message suggests the nearest name.

    Example:
        >>> cell_rule("msx-screen-2").palette.name
        'msx'
    """
    known = cell_rules()
    if name not in known:
        raise RequestError(
            f"`--cells` must be a known machine, got '{name}'. {nearest_name(name, known)}"
        )
    return known[name]


def _rule(name: str, entry: Mapping[str, Any]) -> CellRule:
    sets = [sorted(map(int, text.split())) for text in entry["sets"]]
    # A sub-palette that is a subset of two sets is listed once.
    chosen = dict.fromkeys(some for whole in sets for some in combinations(whole, entry["colors"]))
    return CellRule(
        name=name,
        palette=named_palette(entry["palette"]),
        height_px=entry["height_px"],
        width_px=entry["width_px"],
        subpalettes=tuple(chosen),
        source=entry["source"],
    )
