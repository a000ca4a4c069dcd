"""A comparison of gradients, for programs and for people."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ditherlab.experiments import Comparison
from ditherlab.problem import Problem
from ditherlab.report.table import align


@dataclass(frozen=True)
class ComparisonReport:
    """What was compared, and what came out.

    Attributes:
        problem: The picture, the palette and the objective.
        at: Where the gradients were taken.
        comparison: The figures.
        left_out: Estimators that do not fit, with the reason.
        is_complete: Whether nothing ended the measurement early.
    """

    problem: Problem
    at: str
    comparison: Comparison
    left_out: Mapping[str, str]
    is_complete: bool

    def document(self) -> dict[str, Any]:
        """Return all numbers as JSON types."""
        problem, reference = self.problem, self.comparison.reference
        return {
            "width": problem.picture.width,
            "height": problem.picture.height,
            "colors": problem.num_colors,
            "objective": str(problem.objective),
            "at": self.at,
            "seed": problem.seed,
            "device": str(problem.chosen_device),
            "complete": self.is_complete,
            "reference": {
                "estimator": reference.estimator,
                "repetitions": reference.num_repetitions,
                "norm": reference.norm,
                "relative_error": reference.relative_error,
            },
            "estimators": [
                {**asdict(figures), "name": name, "words": figures.name}
                for name, figures in self.comparison.figures.items()
            ],
            "left_out": [
                {"name": name, "reason": reason} for name, reason in self.left_out.items()
            ],
        }

    def table(self) -> str:
        """Write a line for each estimator, and for each that was left out its reason."""
        reference = self.comparison.reference
        heads = ["", "rel.err", "bias", "floor", "cosine", "prices", "backward", "ms"]
        lines = [heads]
        for name, figures in self.comparison.figures.items():
            lines.append(
                [
                    name,
                    f"{figures.relative_error:.3g}",
                    "none" if figures.unbiased else f"{figures.bias:.3g}",
                    f"{figures.bias_floor:.2g}",
                    f"{figures.cosine:.3f}",
                    str(figures.evaluations),
                    str(figures.backward_passes),
                    f"{figures.ms_per_gradient:.1f}",
                ]
            )
        told = [
            align(lines),
            f"Reference: {reference.num_repetitions} x {reference.estimator}, relative error "
            f"{reference.relative_error:.2g}.",
            *(f"Left out: {reason}" for reason in self.left_out.values()),
        ]
        return "\n".join(told)
