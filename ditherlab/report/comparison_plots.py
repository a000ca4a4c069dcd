"""The plots of a comparison: gradient errors over time, costs over time or evaluations."""

from dataclasses import dataclass

from ditherlab.experiments import BudgetName, Curve, GradientFigures, group_runs
from ditherlab.plots.plot import Axis, Level, Line, Plot, Point
from ditherlab.plots.scale import is_wide
from ditherlab.report.comparison_report import ComparisonReport, spell_error


@dataclass(frozen=True)
class ComparisonPlots:
    """The plots of a comparison; an estimator has the same color in all of them.

    Attributes:
        report: The report to plot.
    """

    report: ComparisonReport

    def error_over_time(self) -> Plot:
        """Return a plot of the relative error of gradients over their time."""
        figures = self.report.comparison.figures
        return Plot(
            title="Relative error of the gradient over the time it takes",
            x=Axis("milliseconds for a gradient", is_log=True),
            y=Axis("relative error", is_log=True),
            points=[
                Point(
                    name,
                    found.ms_per_gradient,
                    found.relative_error if found.resolves_error else found.most_error,
                    title=_describe(name, found),
                    is_filled=found.unbiased,
                    part=found.bias if found.shows_bias else None,
                    style=style,
                )
                for style, (name, found) in enumerate(figures.items())
            ],
        )

    def cost_over(self, budget: BudgetName) -> Plot:
        """Return a plot of the expected cost of runs over time or evaluations."""
        runs = self.report.runs
        is_time = budget == "equal-time"
        styles = {name: style for style, name in enumerate(self.report.comparison.figures)}
        curves = (
            []
            if runs is None
            else [
                Curve.of(group, "seconds" if is_time else "num_evaluations")
                for group in group_runs(runs, budget).values()
            ]
        )
        lines = [
            Line(curve.name, curve.x, curve.mean, curve.lowest, curve.highest,
                 styles.get(curve.name, 0))
            for curve in curves
            if curve is not None
        ]  # fmt: skip
        levels = [
            Level(baseline.name, baseline.cost)
            for baseline in (runs.baselines if runs else ())
            if baseline.cost is not None
        ]
        costs = [cost for line in lines for cost in line.y] + [level.y for level in levels]
        return Plot(
            title=f"Expected cost over {'time' if is_time else 'evaluations'}",
            x=Axis("seconds" if is_time else "evaluations (pictures priced)"),
            y=Axis("expected cost", is_log=is_wide(costs)),
            lines=lines,
            levels=levels,
        )


def _describe(name: str, figures: GradientFigures) -> str:
    return (
        f"{name}: relative error {spell_error(figures)}, bias {figures.bias:.3g} (floor "
        f"{figures.bias_floor:.2g}), {figures.ms_per_gradient:.3g} ms, {figures.evaluations} "
        f"evaluations, {figures.backward_passes} backward"
    )
