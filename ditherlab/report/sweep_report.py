"""The report of a sweep, as JSON and as text."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from ditherlab import version
from ditherlab.experiments import Cell, Group, ResultsFile, SweepSummary
from ditherlab.report.comparison_report import spell
from ditherlab.report.document import finite_document
from ditherlab.report.table import align


@dataclass(frozen=True)
class SweepReport:
    """The cells of a sweep and their results.

    Attributes:
        name: The name of the sweep's file, without the folder.
        cells: The cells in the order of the file.
        file: The results.
        num_kept: Number of cells that had a result before this run.
    """

    name: str
    cells: Sequence[Cell]
    file: ResultsFile
    num_kept: int = 0

    @cached_property
    def summary(self) -> SweepSummary:
        """The statistics over the seeds."""
        return SweepSummary.of(self.cells, self.file.results)

    @property
    def num_ended(self) -> int:
        """Number of cells that have a result, including failures."""
        return sum(len(group.results) for group in self.summary.groups)

    @property
    def num_failed(self) -> int:
        """Number of failed cells."""
        return sum(group.num_failed for group in self.summary.groups)

    @property
    def failures(self) -> list[str]:
        """The error messages, a line for each message in a group."""
        return [
            f"{self.summary.name(group)}, {'seed' if len(seeds) == 1 else 'seeds'} "
            f"{', '.join(map(str, seeds))}: {error}"
            for group in self.summary.groups
            for error, seeds in group.failures.items()
        ]

    @property
    def figure_names(self) -> list[str]:
        """The names of the cost, the metrics and the time."""
        return ["cost", *self.summary.figures, "seconds"]

    def document(self) -> dict[str, Any]:
        """Return the report as JSON types, without NaN and infinity."""
        document = {
            "sweep": self.name,
            "version": version.__version__,
            "results": self.file.path.name,
            "cells": len(self.cells),
            "ended": self.num_ended,
            "kept": self.num_kept,
            "failed": self.num_failed,
            "complete": self.num_ended == len(self.cells),
            "groups": [self._group_document(group) for group in self.summary.groups],
            "notes": self.file.notes,
        }
        return finite_document(document)

    def table(self) -> str:
        """Return a table with a row per group: means over the seeds that did not fail."""
        names = self.figure_names
        heads = ["", *("s" if name == "seconds" else name for name in names), "seeds", "failed"]
        return align([heads, *self.rows(self.summary.groups, names)])

    def rows(
        self, groups: Iterable[Group], names: Iterable[str], without: Iterable[str] = ()
    ) -> list[list[str]]:
        """Return a row per group: its name, means, number of seeds and number of failures.

        Args:
            groups: Groups of the summary.
            names: The names of the metrics.
            without: Settings that the names of groups leave out.
        """
        listed, left_out = list(names), list(without)
        return [
            [
                self.summary.name(group, left_out),
                *(_spell_mean(group, name) for name in listed),
                str(len(group.cells)),
                str(group.num_failed) if group.num_failed else "-",
            ]
            for group in groups
        ]

    def _group_document(self, group: Group) -> dict[str, Any]:
        spreads = {name: group.spread(name) for name in self.figure_names}
        return {
            "settings": dict(group.settings),
            "cells": [cell.key for cell in group.cells],
            "ended": len(group.results),
            "failed": group.num_failed,
            "errors": {error: list(seeds) for error, seeds in group.failures.items()},
            "figures": {name: spread and asdict(spread) for name, spread in spreads.items()},
        }


def _spell_mean(group: Group, name: str) -> str:
    spread = group.spread(name)
    return spell(None if spread is None else spread.mean, 3 if name == "seconds" else 4)
