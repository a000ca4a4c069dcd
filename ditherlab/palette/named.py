"""The built-in palettes, which are listed in `named.toml`."""

import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.resources import files
from itertools import product
from types import MappingProxyType
from typing import Any, TypeVar

from ditherlab.errors import PaletteRequestError
from ditherlab.naming import nearest_name
from ditherlab.palette.colors import hex_to_color, quoted
from ditherlab.palette.palette import Palette

Value = TypeVar("Value")


@cache
def named_palettes() -> Mapping[str, Palette]:
    """Return all built-in palettes by name.

    Returns:
        A read-only mapping; each palette is 8-bit display sRGB and names its source.

    Example:
        >>> named_palettes()["game-boy"].hex
        ['#0f380f', '#306230', '#8bac0f', '#9bbc0f']
    """
    table = tomllib.loads(files(__package__).joinpath("named.toml").read_text(encoding="utf-8"))
    return MappingProxyType({name: _palette(name, entry) for name, entry in table.items()})


def named_palette(name: str) -> Palette:
    """Return the built-in palette of a name.

    Raises:
        PaletteRequestError: If no palette has this name; the message suggests the nearest name.

    Example:
        >>> len(named_palette("pico-8"))
        16
    """
    known = named_palettes()
    if name not in known:
        raise PaletteRequestError(
            f"The name of a palette must be a known one, got {quoted(name)}. "
            + nearest_name(name, known)
        )
    return known[name]


def _palette(name: str, entry: Mapping[str, Any]) -> Palette:
    if "levels" in entry:
        texts = ["".join(channels) for channels in product(entry["levels"].split(), repeat=3)]
    else:
        texts = entry["colors"].split()
    return Palette(
        tuple(hex_to_color(text) for text in texts),
        name=name,
        source=entry["source"],
        shown=_optional(entry, "shown", lambda text: map(hex_to_color, text.split())),
        names=_optional(entry, "names", lambda text: (name.strip() for name in text.split(","))),
        codes=_optional(entry, "codes", lambda text: map(int, text.split())),
    )


def _optional(
    entry: Mapping[str, Any], key: str, parse: Callable[[str], Iterable[Value]]
) -> tuple[Value, ...] | None:
    return tuple(parse(entry[key])) if key in entry else None
