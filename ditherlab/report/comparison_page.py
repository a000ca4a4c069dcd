"""A comparison as a self-contained HTML page, without scripts or external files."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

import torch

from ditherlab.experiments import RunComparison, group_runs, typical_run
from ditherlab.images import encode_indexed_png
from ditherlab.palette import Palette
from ditherlab.report.comparison_plots import ComparisonPlots
from ditherlab.report.comparison_report import (
    BUDGETS,
    ComparisonReport,
    spell,
    spell_accuracy,
    spell_budget,
)
from ditherlab.report.machine import describe_machine
from ditherlab.report.markup import encode_png, figure, page, swatches, table, terms

# A picture is enlarged by a whole number to about this width.
_SHOWN_WIDTH_PX = 256

_GRADIENT_HEADS = [
    "", "relative error", "bias", "bias floor", "variance", "cosine", "evaluations",
    "backward passes", "ms",
]  # fmt: skip
_RUN_HEADS = [
    "", "cost", "± sd", "drawn", "entropy", "to baseline", "s", "steps", "evaluations",
    "backward passes", "failed",
]  # fmt: skip


@dataclass(frozen=True)
class ComparisonPage:
    """The HTML page of a comparison.

    Attributes:
        report: The report to show.
        command: The command that reproduces the report.
        date: The date of the report.
    """

    report: ComparisonReport
    command: str
    date: datetime.date

    def html(self) -> str:
        """Return the page as HTML."""
        name = self.report.problem.pictures[0].name or "standard input"
        body = "\n".join(
            [*self._opening(), *self._gradients(), *self._runs(), *self._pictures(), *self._end()]
        )
        return page(f"Estimators compared on {name}", body)

    def _opening(self) -> Iterator[str]:
        report, problem = self.report, self.report.problem
        if not report.is_complete:
            yield '<p class="warning">Ended early: these are the results so far.</p>'
        palette = problem.palette.hex if isinstance(problem.palette, Palette) else []
        picture = problem.pictures[0]
        yield terms(
            [
                ("Picture", f"{picture.width} × {picture.height} pixels"),
                ("Palette", swatches(palette)),
                ("Objective", f"<code>{escape(problem.objective.public_words)}</code>, minimized"),
                ("Estimators", str(len(report.comparison.figures))),
                ("Machine", escape(describe_machine(torch.device(report.device)))),
                ("Date", self.date.isoformat()),
            ]
        )

    def _gradients(self) -> Iterator[str]:
        report = self.report
        reference = report.comparison.reference
        accuracy = spell_accuracy(reference)
        times = "" if reference.num_repetitions == 1 else f"{reference.num_repetitions} × "
        yield "<h2>Gradients</h2>"
        yield (
            f"<p>Taken at <code>{escape(Path(report.at).name)}</code> logits, and compared with "
            f"{times}<code>{escape(reference.estimator)}</code> ({accuracy}). Lengths are "
            "relative to the length of the true gradient. A bias below its floor cannot be "
            "distinguished from chance and rounding, and an error after &lt; from that of the "
            "reference.</p>"
        )
        yield f'<div class="wide">{ComparisonPlots(report).error_over_time().svg()}</div>'
        yield (
            '<p class="note">Discs are estimators that claim to be unbiased, rings are the '
            "others. The mark below one is its measured bias, if that is above its floor. An error "
            "that cannot be distinguished from that of the reference is shown at this upper bound. "
            "Lower and further left is better.</p>"
        )
        yield table("Gradients of each estimator", _GRADIENT_HEADS, report.gradient_rows())

    def _runs(self) -> Iterator[str]:
        runs = self.report.runs
        if runs is None or not runs.runs:
            return
        yield "<h2>Optimization</h2>"
        yield (
            f"<p>The picture was optimized with each estimator and {_num_seeds(runs)} seeds. All "
            "runs used the palette above and the optimizer "
            f"<code>{escape(runs.optimizer)}</code>. Runs with the same seed started from the same "
            "probabilities. “Cost” is the cost of the finished picture, which shows the most "
            "probable colors; “drawn” is the expected cost of pictures drawn from the last "
            "probabilities. Backward passes are not included in the evaluations.</p>"
        )
        for budget in BUDGETS:
            rows = self.report.run_rows(budget)
            if rows:
                yield f"<h3>{escape(spell_budget(runs, budget))}</h3>"
                plot = ComparisonPlots(self.report).cost_over(budget)
                yield f'<div class="wide">{plot.svg()}</div>'
                yield (
                    '<p class="note">Lines show the expected cost of drawn pictures, averaged over '
                    "the seeds. Bands go from the lowest to the highest seed. Dotted lines are the "
                    "costs of the baselines.</p>"
                )
                yield table(_caption(runs), _RUN_HEADS, rows)
        yield from self._failures(runs)

    def _failures(self, runs: RunComparison) -> Iterator[str]:
        failed = [run for run in runs.runs if not run.spent_its_budget]
        if failed:
            yield "<h3>Runs that did not use their full budget</h3><ul>"
            for run in failed:
                reason = f": {self.report.publish(run.reason)}" if run.reason else ""
                yield (
                    f"<li>{escape(run.estimator)}, {escape(run.budget)}, seed {run.seed}: "
                    f"{escape(run.outcome + reason)}</li>"
                )
            yield "</ul>"

    def _pictures(self) -> Iterator[str]:
        picture, runs = self.report.problem.pictures[0], self.report.runs
        scale = max(1, _SHOWN_WIDTH_PX // picture.width)
        size = {"width": picture.width * scale, "height": picture.height * scale}
        shown = [figure(encode_png(picture), alt="The source", caption="source", **size)]
        if runs is not None and isinstance(runs.problem.palette, Palette):
            colors, opaque = runs.problem.palette.seen, picture.opaque
            found = {
                baseline.name: (baseline.indices, baseline.cost) for baseline in runs.baselines
            }
            for name, group in group_runs(runs, "equal-time").items():
                run = typical_run(group)
                if run is not None and run.indices is not None:
                    found[name] = (run.indices, run.cost)
            shown += [
                figure(
                    encode_indexed_png(indices, colors, opaque, {}),
                    alt=f"The picture of {name}",
                    caption=f"{name}: {spell(cost)}",
                    **size,
                )
                for name, (indices, cost) in found.items()
            ]
        yield "<h2>Side by side</h2>"
        if len(shown) > 1:
            yield (
                "<p>For each estimator, the picture and the cost of the equal-time run with the "
                "median cost over the seeds.</p>"
            )
        yield f'<div class="pictures">{"".join(shown)}</div>'

    def _end(self) -> Iterator[str]:
        if self.report.left_out:
            yield "<h2>Left out</h2><ul>"
            yield from (
                f"<li>{escape(name)}: {escape(self.report.publish(reason))}</li>"
                for name, reason in self.report.left_out.items()
            )
            yield "</ul>"
        yield "<h2>The command</h2>"
        yield f"<pre><code>{escape(self.command)}</code></pre>"
        yield (
            '<p class="note">The seed determines the random draws and the start of each run. The '
            "number of steps under equal time depends on the machine.</p>"
        )


def _num_seeds(runs: RunComparison) -> int:
    return len({run.seed for run in runs.runs})


def _caption(runs: RunComparison) -> str:
    best = runs.best_baseline
    beside = (
        f"; “to baseline” is the cost minus that of {best.name}, the better one" if best else ""
    )
    return f"Final costs, means over the seeds, lower is better{beside}"
