"""Summary of a sweep: groups of cells that differ only in the seed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ditherlab.experiments.cell import Cell
from ditherlab.experiments.cell_result import CellResult
from ditherlab.experiments.summary import Curve, Spread
from ditherlab.experiments.sweep_axes import LEFT_OUT, PICTURE

_SEED, _PALETTE, _COLORS, _OBJECTIVE = "seed", "palette", "colors", "objective"

# Settings whose values are labels without the option's name.
_SELF_EXPLANATORY = (PICTURE, _PALETTE, _OBJECTIVE, "estimator", "optimizer", "preset")

_FIELDS = ("cost", "seconds")

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Group:
    """Cells that differ only in the seed.

    Attributes:
        settings: All settings but the seed; a number of colors counts as `palette`.
        cells: The cells of the group.
        results: The results so far, including failures.
    """

    settings: Settings
    cells: tuple[Cell, ...]
    results: tuple[CellResult, ...]

    @property
    def num_failed(self) -> int:
        """Number of failed cells."""
        return sum(result.is_failed for result in self.results)

    @property
    def failures(self) -> Mapping[str, Sequence[int]]:
        """The error messages, each with the seeds of its cells."""
        seeds = {cell.key: cell.request.seed for cell in self.cells}
        found: dict[str, list[int]] = {}
        for result in self.results:
            if result.error is not None:
                found.setdefault(result.error, []).append(seeds[result.key])
        return found

    def spread(self, figure: str) -> Spread | None:
        """Return the statistics of a figure over the seeds that did not fail; None without any.

        Args:
            figure: `cost`, `seconds`, or the name of a metric.
        """
        return Spread.of(
            getattr(result, figure) if figure in _FIELDS else result.metrics.get(figure)
            for result in self.results
            if not result.is_failed
        )

    def curve(self, name: str) -> Curve | None:
        """Return the expected cost over time; None if every seed failed or has no curve."""
        curves = [result.curve for result in self.results if not result.is_failed and result.curve]
        ways = [(curve["seconds"], curve["expected_cost"]) for curve in curves if curve["seconds"]]
        return Curve.through(name, ways) if ways else None


@dataclass(frozen=True)
class SweepSummary:
    """The groups of a sweep, and the settings in which they differ.

    Attributes:
        groups: The groups in the order of the file.
    """

    groups: tuple[Group, ...]

    @classmethod
    def of(cls, cells: Iterable[Cell], results: Mapping[str, CellResult]) -> "SweepSummary":
        """Group cells, with or without results."""
        members: dict[tuple[tuple[str, Any], ...], list[Cell]] = {}
        for cell in cells:
            members.setdefault(tuple(_group_settings(cell.settings).items()), []).append(cell)
        return cls(
            tuple(
                Group(
                    dict(settings),
                    tuple(group),
                    tuple(results[cell.key] for cell in group if cell.key in results),
                )
                for settings, group in members.items()
            )
        )

    @cached_property
    def varying(self) -> Mapping[str, Sequence[Any]]:
        """The settings in which groups differ, each with its values."""
        names = dict.fromkeys(name for group in self.groups for name in group.settings)
        values = {
            name: list(dict.fromkeys(group.settings.get(name, LEFT_OUT) for group in self.groups))
            for name in names
        }
        return {name: found for name, found in values.items() if len(found) > 1}

    @property
    def fixed(self) -> Settings:
        """The settings that are the same in all groups."""
        first = self.groups[0].settings
        return {name: value for name, value in first.items() if name not in self.varying}

    @property
    def figures(self) -> list[str]:
        """The names of the metrics that some group has, in the order of the results."""
        names = (
            name
            for group in self.groups
            for result in group.results
            for name, value in result.metrics.items()
            if value is not None
        )
        return list(dict.fromkeys(names))

    def name(self, group: Group, without: Iterable[str] = ()) -> str:
        """Return a label of a group made of its varying settings.

        Args:
            group: One of the groups.
            without: Settings to leave out.
        """
        return self._spell(group.settings, without)

    def label(self, cell: Cell) -> str:
        """Return a label of a cell made of its varying settings and its seed."""
        return f"{self._spell(_group_settings(cell.settings), ())}, seed {cell.request.seed}"

    def _spell(self, settings: Settings, without: Iterable[str]) -> str:
        shown = [name for name in self.varying if name not in without] or ["estimator"]
        return ", ".join(_spell(name, settings.get(name, LEFT_OUT)) for name in shown)

    def by(self, setting: str, groups: Iterable[Group]) -> dict[str, list[Group]]:
        """Return the groups by the value of a setting, as text."""
        parts: dict[str, list[Group]] = {}
        for group in groups:
            parts.setdefault(str(group.settings.get(setting, LEFT_OUT)), []).append(group)
        return parts


def number_of(group: Group, setting: str) -> float | None:
    """Return a setting as a number; None if it is not a number."""
    value = group.settings.get(setting)
    if setting == _PALETTE and isinstance(value, str):
        parts = value.split()
        value = int(parts[0]) if len(parts) == 2 and parts[1] == _COLORS else None
    is_number = isinstance(value, int | float)
    return float(value) if is_number and value is not None else None


def _group_settings(settings: Settings) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for name, value in settings.items():
        if name == _COLORS:
            merged[_PALETTE] = f"{value} {_COLORS}"
        elif name != _SEED:
            merged[name] = value
    return merged


def _spell(name: str, value: Any) -> str:
    if value == LEFT_OUT:
        return f"{value} {name.replace('_', ' ')}"
    return str(value) if name in _SELF_EXPLANATORY else f"{name.replace('_', ' ')} {value}"
