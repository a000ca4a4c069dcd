"""The report of a published experiment, as JSON, text and HTML."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from ditherlab import version
from ditherlab.experiments.published import Chart, Experiment, Findings
from ditherlab.plots.plot import Axis, Line, Plot
from ditherlab.report.document import finite_document
from ditherlab.report.markup import page


@dataclass(frozen=True)
class ExperimentReport:
    """The results of an experiment.

    Attributes:
        name: The name on the command line.
        experiment: The experiment.
        findings: The charts and claims.
        command: The command that was typed.
    """

    name: str
    experiment: Experiment
    findings: Findings
    command: str

    @property
    def num_failed(self) -> int:
        """Number of claims that do not hold."""
        return sum(not claim.holds for claim in self.findings.claims)

    def document(self) -> dict[str, Any]:
        """Return the report as JSON types."""
        return finite_document(
            {
                "experiment": self.name,
                "title": self.experiment.title,
                "source": self.experiment.source,
                "version": version.__version__,
                "claims": [asdict(claim) for claim in self.findings.claims],
                "charts": [asdict(chart) for chart in self.findings.charts],
            }
        )

    def text(self) -> str:
        """Return the claims as text."""
        lines = [f"{self.experiment.title} ({self.experiment.source})"]
        for claim in self.findings.claims:
            lines += [f"  {_verdict(holds=claim.holds)}  {claim.text}", f"       {claim.detail}"]
        return "\n".join(lines)

    def section(self) -> str:
        """Return the claims and the charts as HTML."""
        claims = "".join(
            f"<li><strong>{_verdict(holds=claim.holds)}</strong> {escape(claim.text)} "
            f"<em>{escape(claim.detail)}</em></li>"
            for claim in self.findings.claims
        )
        charts = "".join(
            f"<h3>{escape(chart.title)}</h3>{draw_chart(chart).svg()}"
            for chart in self.findings.charts
        )
        return (
            f"<h2>{escape(self.experiment.title)}</h2><p>{escape(self.experiment.source)}.</p>"
            f"<p><code>{escape(self.command)}</code></p><ul>{claims}</ul>{charts}"
        )


def experiment_page(reports: Iterable[ExperimentReport]) -> str:
    """Return a self-contained HTML page."""
    body = "\n".join(report.section() for report in reports)
    return page("Published experiments, run again", body)


def draw_chart(chart: Chart) -> Plot:
    """Convert a chart to a plot."""
    return Plot(
        chart.title,
        Axis(chart.x_label, is_log=chart.is_log_x),
        Axis(chart.y_label, is_log=chart.is_log_y),
        lines=[
            Line(line.name, line.x, line.y, line.low, line.high, style=number)
            for number, line in enumerate(chart.series)
        ],
    )


def _verdict(*, holds: bool) -> str:
    return "yes" if holds else "NO "
