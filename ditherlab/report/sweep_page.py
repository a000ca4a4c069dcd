"""A sweep as a self-contained HTML page, without scripts or external files."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from statistics import fmean

from ditherlab.experiments import Group
from ditherlab.plots.plot import Plot
from ditherlab.report.comparison_report import spell
from ditherlab.report.interval_plot import IntervalPlot
from ditherlab.report.markup import page, table, terms
from ditherlab.report.sweep_plots import SweepPlots
from ditherlab.report.sweep_report import SweepReport

_PICTURE, _OBJECTIVE = "picture", "objective"


@dataclass(frozen=True)
class SweepPage:
    """The HTML page of a sweep.

    Attributes:
        report: The report to show.
        command: The command that reproduces the report.
        date: The date of the report.
    """

    report: SweepReport
    command: str
    date: datetime.date

    def html(self) -> str:
        """Return the page as HTML."""
        summary = self.report.summary
        pictures = summary.by(_PICTURE, summary.groups)
        body = [*self._opening(), *self._overview(pictures)]
        for picture, groups in pictures.items():
            body += self._picture(picture, groups)
        body += [*self._failures(), *self._end()]
        return page(f"The sweep {self.report.name}", "\n".join(body))

    def _opening(self) -> Iterator[str]:
        report = self.report
        summary = report.summary
        if report.num_failed:
            yield f'<p class="warning">Failed cells, with reasons below: {report.num_failed}.</p>'
        seeds = dict.fromkeys(cell.request.seed for cell in report.cells)
        entries = [
            ("Cells", f"{report.num_ended} of {len(report.cells)}, {report.num_failed} failed"),
            ("Seeds", ", ".join(map(str, seeds))),
            *((name, ", ".join(map(str, values))) for name, values in summary.varying.items()),
            *((name, str(value)) for name, value in summary.fixed.items()),
            ("Date", self.date.isoformat()),
        ]
        yield terms((name.replace("_", " ").capitalize(), escape(value)) for name, value in entries)
        yield (
            '<p class="note">Bands go from the lowest to the highest seed. A disc is the mean, '
            "and a line the median. Failed cells are not included.</p>"
        )

    def _overview(self, pictures: dict[str, list[Group]]) -> Iterator[str]:
        """Yield a table of the means over the pictures, if there are several."""
        if len(pictures) < 2:
            return
        summary, metrics = self.report.summary, self.report.summary.figures
        names = {self._name(group): None for group in summary.groups}
        rows = []
        for name in names:
            groups = [group for group in summary.groups if self._name(group) == name]
            means = [[group.spread(metric) for group in groups] for metric in metrics]
            rows.append(
                [
                    name,
                    *(
                        spell(fmean(s.mean for s in spreads if s))
                        if len(spreads) == len(pictures) and all(spreads)
                        else "-"
                        for spreads in means
                    ),
                ]
            )
        yield "<h2>All pictures</h2>"
        yield table("Means over the pictures, each the mean over its seeds", ["", *metrics], rows)

    def _picture(self, picture: str, groups: Sequence[Group]) -> Iterator[str]:
        report, summary = self.report, self.report.summary
        by_objective = summary.by(_OBJECTIVE, groups)
        all_plots = SweepPlots(summary, groups, (_PICTURE,))
        names = report.figure_names
        yield f"<h2>{escape(picture)}</h2>"
        if len(by_objective) == 1:
            yield from _show([*(all_plots.figure(name) for name in names), all_plots.way()])
        else:
            # Costs of different objectives are not comparable.
            for objective, part in by_objective.items():
                plots = SweepPlots(summary, part, (_PICTURE, _OBJECTIVE))
                yield f"<h3>Cost of <code>{escape(objective)}</code></h3>"
                yield from _show([plots.figure("cost"), plots.way()])
            yield "<h3>Metrics</h3>"
            yield from _show([all_plots.figure(name) for name in names if name != "cost"])
        heads = ["", *report.figure_names, "seeds", "failed"]
        rows = report.rows(groups, report.figure_names, (_PICTURE,))
        yield table("Means over the seeds that did not fail", heads, rows)

    def _failures(self) -> Iterator[str]:
        failures = self.report.failures
        if failures:
            yield "<h2>Failed cells</h2><ul>"
            yield from (f"<li>{escape(failure)}</li>" for failure in failures)
            yield "</ul>"

    def _end(self) -> Iterator[str]:
        yield "<h2>The command</h2>"
        yield f"<pre><code>{escape(self.command)}</code></pre>"
        yield (
            '<p class="note">Pictures are reproducible from their seeds. Times depend on the '
            "machine and on the number of cells that ran at once.</p>"
        )

    def _name(self, group: Group) -> str:
        return self.report.summary.name(group, (_PICTURE,))


def _show(plots: Sequence[Plot | IntervalPlot | None]) -> Iterator[str]:
    """Yield small plots side by side, and large ones below."""
    small = [plot.svg() for plot in plots if isinstance(plot, IntervalPlot)]
    if small:
        yield f'<div class="plots">{"".join(small)}</div>'
    for plot in plots:
        if isinstance(plot, Plot):
            yield f'<div class="wide">{plot.svg()}</div>'
