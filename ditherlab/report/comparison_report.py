"""The report of a comparison of estimators, as JSON and as text."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ditherlab.experiments import (
    BudgetName,
    Comparison,
    GradientFigures,
    Reference,
    RunComparison,
    RunFigures,
    RunSummary,
    Spread,
    summarize_runs,
)
from ditherlab.naming import hide_folders
from ditherlab.objectives import ObjectiveSum
from ditherlab.palette import Palette
from ditherlab.problem import Problem
from ditherlab.report.document import finite_document
from ditherlab.report.table import align

BUDGETS: tuple[BudgetName, ...] = ("equal-time", "equal-evaluations")

GRADIENT_HEADS = [
    "", "rel.err", "bias", "floor", "variance", "cosine", "prices", "backward", "ms",
]  # fmt: skip
RUN_HEADS = [
    "", "cost", "sd", "drawn", "entropy", "to base", "s", "steps", "prices", "backward", "failed",
]  # fmt: skip


@dataclass(frozen=True)
class ComparisonReport:
    """The results of a comparison.

    Attributes:
        problem: The picture, the palette and the objective.
        at: The logits of the gradients, as given by `--at`.
        comparison: The measurements of the gradients.
        left_out: Estimators that do not fit, with the reason.
        is_complete: Whether all measurements were made.
        runs: The optimization runs; None if only gradients were compared.
        seed: The seed of the gradients and of the first runs.
        device: The device of the computation.
    """

    problem: Problem
    at: str
    comparison: Comparison
    left_out: Mapping[str, str]
    is_complete: bool
    runs: RunComparison | None = None
    seed: int = 0
    device: str = "cpu"

    def document(self) -> dict[str, Any]:
        """Return the report as JSON types."""
        problem, reference = self.problem, self.comparison.reference
        palette = problem.palette
        document = {
            "width": problem.width,
            "height": problem.height,
            "colors": problem.num_colors,
            "palette": palette.hex if isinstance(palette, Palette) else None,
            "objective": problem.objective.public_words,
            "at": Path(self.at).name,
            "seed": self.seed,
            "device": self.device,
            "complete": self.is_complete,
            "reference": {
                "estimator": reference.estimator,
                "repetitions": reference.num_repetitions,
                "norm": reference.norm,
                "relative_error": reference.relative_error,
            },
            "estimators": [
                {**asdict(figures), **_honest_error(figures), "name": name, "words": figures.name}
                for name, figures in self.comparison.figures.items()
            ],
            "left_out": [
                {"name": name, "reason": self.publish(reason)}
                for name, reason in self.left_out.items()
            ],
            "budgets": None if self.runs is None else asdict(self.runs.budgets),
            "baselines": {
                baseline.name: {"cost": baseline.cost}
                for baseline in (self.runs.baselines if self.runs else ())
            },
            "runs": [self._run_document(run) for run in (self.runs.runs if self.runs else ())],
            "summaries": [
                {**asdict(summary), "budget": budget}
                for budget in BUDGETS
                for summary in self.summaries(budget)
            ],
        }
        return finite_document(document)

    def publish(self, text: str) -> str:
        """Remove the folders of files from a text, those of the objective's functions included."""
        objective = self.problem.objective
        parts = [part for _, part in objective.terms] if isinstance(objective, ObjectiveSum) else []
        for named in (objective, *parts):
            text = text.replace(str(named), named.public_words)
        return hide_folders(text)

    def summaries(self, budget: BudgetName) -> list[RunSummary]:
        """Return summaries over the seeds; an empty list if only gradients were compared."""
        return summarize_runs(self.runs, budget) if self.runs else []

    def table(self) -> str:
        """Return a text with a line per estimator, and the reasons of those left out."""
        reference = self.comparison.reference
        lines = [
            align([GRADIENT_HEADS, *self.gradient_rows()]),
            f"Reference: {reference.num_repetitions} x {reference.estimator}, "
            f"{spell_accuracy(reference)}.",
            *self._remarks(),
            *(f"Left out: {name}: {reason}" for name, reason in self.left_out.items()),
        ]
        for budget in BUDGETS:
            rows = self.run_rows(budget)
            if rows and self.runs:
                lines += ["", spell_budget(self.runs, budget), align([RUN_HEADS, *rows])]
        return "\n".join(lines)

    def gradient_rows(self) -> list[list[str]]:
        """Return a row of each estimator's gradients, with the columns `GRADIENT_HEADS`."""
        return [
            [
                name,
                spell_error(figures),
                f"{figures.bias:.3g}" if figures.shows_bias else "<floor",
                f"{figures.bias_floor:.2g}",
                f"{figures.variance:.3g}",
                f"{figures.cosine:.3f}",
                str(figures.evaluations),
                str(figures.backward_passes),
                f"{figures.ms_per_gradient:.1f}",
            ]
            for name, figures in self.comparison.figures.items()
        ]

    def _remarks(self) -> Iterator[str]:
        if not all(figures.resolves_error for figures in self.comparison.figures.values()):
            yield "An error after `<` is below what the reference can tell."

    def run_rows(self, budget: BudgetName) -> list[list[str]]:
        """Return a row per baseline and estimator in the columns `RUN_HEADS`, if there are runs."""
        summaries = self.summaries(budget)
        if self.runs is None or not summaries:
            return []
        num_others = len(RUN_HEADS) - 2
        return [
            *([b.name, spell(b.cost), *["-"] * num_others] for b in self.runs.baselines),
            *([summary.estimator, *_spell_summary(summary)] for summary in summaries),
        ]

    def _run_document(self, run: RunFigures) -> dict[str, Any]:
        return {
            "estimator": run.estimator,
            "budget": run.budget,
            "seed": run.seed,
            "outcome": run.outcome,
            "reason": None if run.reason is None else self.publish(run.reason),
            "cost": run.cost,
            "expected_cost": run.expected_cost,
            "entropy": run.entropy,
            "seconds": round(run.seconds, 3),
            "steps": run.num_steps,
            "evaluations": run.num_evaluations,
            "backward_passes": run.num_backward_passes,
            "temperature": run.temperature,
            "curve": {
                "seconds": [round(shot.seconds, 3) for shot in run.snapshots],
                "evaluations": [shot.num_evaluations for shot in run.snapshots],
                "backward_passes": [shot.num_backward_passes for shot in run.snapshots],
                "expected_cost": [shot.cost for shot in run.snapshots],
                "entropy": [shot.entropy for shot in run.snapshots],
            },
        }


def spell_error(figures: GradientFigures) -> str:
    """Format a relative error; one that is not resolved as `<` and its bound."""
    if figures.resolves_error:
        return f"{figures.relative_error:.3g}"
    return f"<{figures.most_error:.2g}"


def spell_accuracy(reference: Reference) -> str:
    """Say how accurate a reference is."""
    if reference.squared_error == 0:
        return "exact but for rounding"
    return f"relative error {reference.relative_error:.2g}"


def _honest_error(figures: GradientFigures) -> dict[str, float | None]:
    """Return the error if it is resolved, else its bound."""
    if figures.resolves_error:
        return {"relative_error": figures.relative_error, "relative_error_below": None}
    return {"relative_error": None, "relative_error_below": figures.most_error}


def spell(number: float | None, digits: int = 4, *, sign: bool = False) -> str:
    """Format a number with some significant digits, and None as `-`."""
    return "-" if number is None else f"{number:{'+' if sign else ''}.{digits}g}"


def _spell_summary(summary: RunSummary) -> list[str]:
    return [
        spell(_mean(summary.cost)),
        spell(None if summary.cost is None else summary.cost.std, 2),
        spell(_mean(summary.expected_cost)),
        spell(_mean(summary.entropy), 2),
        spell(_mean(summary.difference), 3, sign=True),
        spell(_mean(summary.seconds), 3),
        f"{summary.num_steps:.0f}",
        f"{summary.num_evaluations:.0f}",
        f"{summary.num_backward_passes:.0f}",
        str(summary.num_failed) if summary.num_failed else "-",
    ]


def spell_budget(runs: RunComparison, budget: BudgetName) -> str:
    """Return a sentence that describes the budget of each run."""
    budgets = runs.budgets
    if budget == "equal-time":
        return f"Equal time, {budgets.seconds:.3g} s a run."
    reason = (
        "as many as the time allowed"
        if budgets.is_shortened
        else f"as many as {budgets.slowest}, the slowest, managed under equal time"
    )
    return f"Equal evaluations, {budgets.evaluations} a run: {reason}."


def _mean(spread: Spread | None) -> float | None:
    return None if spread is None else spread.mean
