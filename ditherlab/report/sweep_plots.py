"""The plots of a sweep: metrics with bands over the seeds, and the cost over time."""

from collections.abc import Sequence
from dataclasses import dataclass

from ditherlab.experiments import Group, SweepSummary, number_of
from ditherlab.metrics import METRICS
from ditherlab.plots.plot import Axis, Line, Plot
from ditherlab.plots.scale import is_wide
from ditherlab.report.interval_plot import Interval, IntervalPlot

# With this many values, a numeric setting becomes an axis.
_FEW_VALUES = 3

# Below this ratio, a logarithmic axis of half the width would have too few ticks.
_FEW_TICKS_BELOW = 30.0

_LOWER, _HIGHER = "lower is better", "higher is better"
MEANINGS = {
    "cost": f"cost of the finished picture, {_LOWER}",
    "seconds": f"seconds of a run, {_LOWER}",
    "flip": f"FLIP, mean error at 67 pixels per degree, {_LOWER}",
    **{
        metric.name: f"{metric.name}: {metric.meaning}{f', {metric.unit}' if metric.unit else ''}, "
        f"{_HIGHER if metric.is_higher_better else _LOWER}"
        for metric in METRICS
    },
}


@dataclass(frozen=True)
class SweepPlots:
    """The plots of some groups of a sweep; a label has the same color in all of them.

    Attributes:
        summary: The summary of the sweep.
        groups: The groups to plot.
        without: Settings that labels leave out.
    """

    summary: SweepSummary
    groups: Sequence[Group]
    without: tuple[str, ...] = ()

    @property
    def across(self) -> str | None:
        """The setting that becomes an axis: the first numeric one with several values."""
        for setting in self.summary.varying:
            numbers = {number_of(group, setting) for group in self.groups}
            if setting not in self.without and None not in numbers and len(numbers) >= _FEW_VALUES:
                return setting
        return None

    def figure(self, name: str) -> Plot | IntervalPlot | None:
        """Return a plot of a metric of all groups; None if no group has it."""
        spreads = [(group, group.spread(name)) for group in self.groups]
        numbers = [s.lowest for _, s in spreads if s] + [s.highest for _, s in spreads if s]
        if not numbers:
            return None
        label, across = MEANINGS.get(name, name), self.across
        if across is not None:
            return self._lines(name, across, Axis(label, is_wide(numbers)))
        axis = Axis(label, is_wide(numbers, _FEW_TICKS_BELOW))
        rows = [
            Interval(self._name(group), s.lowest, s.highest, s.mean, s.median, self._style(group))
            for group, s in spreads
            if s
        ]
        return IntervalPlot(f"{axis.label}: bands over the seeds", axis, rows)

    def way(self) -> Plot | None:
        """Return a plot of the expected cost over time; None if no group has it."""
        curves = [(group, group.curve(self._name(group))) for group in self.groups]
        lines = [
            Line(curve.name, curve.x, curve.mean, curve.lowest, curve.highest, self._style(group))
            for group, curve in curves
            if curve is not None
        ]
        if not lines:
            return None
        cost = Axis("expected cost", is_wide([cost for line in lines for cost in line.y]))
        return Plot("Expected cost over time", Axis("seconds"), cost, lines)

    def _lines(self, name: str, across: str, axis: Axis) -> Plot:
        parts: dict[str, list[Group]] = {}
        without = (*self.without, across)
        for group in self.groups:
            parts.setdefault(self.summary.name(group, without), []).append(group)
        lines = []
        for style, (label, groups) in enumerate(parts.items()):
            found = sorted(
                (number, spread)
                for group in groups
                if (number := number_of(group, across)) is not None
                and (spread := group.spread(name)) is not None
            )
            lines.append(
                Line(
                    label,
                    [x for x, _ in found],
                    [spread.mean for _, spread in found],
                    [spread.lowest for _, spread in found],
                    [spread.highest for _, spread in found],
                    style,
                )
            )
        label = "colors" if across == "palette" else across.replace("_", " ")
        numbers = [x for line in lines for x in line.x]
        x = Axis(label, is_wide(numbers))
        return Plot(f"{axis.label}: bands over the seeds", x, axis, lines)

    def _name(self, group: Group) -> str:
        return self.summary.name(group, self.without)

    def _style(self, group: Group) -> int:
        names = dict.fromkeys(self._name(one) for one in self.summary.groups)
        return list(names).index(self._name(group))
