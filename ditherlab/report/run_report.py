"""The report of a run, as JSON and as a table."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ditherlab.images import PNG, Encoder
from ditherlab.metrics import METRICS, Metric, measure_all, measure_whole
from ditherlab.metrics.baselines import floyd_steinberg_indices, nearest_indices
from ditherlab.naming import hide_folders
from ditherlab.palette import spell_colors
from ditherlab.problem import Problem
from ditherlab.report.document import finite_document
from ditherlab.report.table import align
from ditherlab.solver.solution import Solution
from ditherlab.vision.color import srgb_to_levels
from ditherlab.vision.image_metrics import ImageMetric

# The largest number of parameters to list: a mask of 128 x 128 for three channels.
_MOST_REPORTED = 3 * 128 * 128

# From here on, decimals of a figure mean nothing.
_MANY = 1000


@dataclass(frozen=True)
class Row:
    """The measurements of one picture.

    Attributes:
        name: The method that made the picture.
        metrics: A value for each reported metric; None where it has none.
        num_bytes: The size of its file; that of a baseline has no settings in it.
    """

    name: str
    metrics: Mapping[str, float | None]
    num_bytes: int


@dataclass(frozen=True)
class RunReport:
    """The measurements of a solution and of its baselines, which use the same palette.

    Attributes:
        solution: The solution.
        output: The file that was written, or `-`.
        result: The measurements of the solution.
        baselines: The measurements of `nearest` and `floyd-steinberg` with the same palette.
        further: The metrics of torchmetrics among the measurements.
    """

    solution: Solution
    output: str
    result: Row
    baselines: tuple[Row, ...]
    further: tuple[ImageMetric, ...] = ()

    @classmethod
    def of(
        cls,
        solution: Solution,
        output: str,
        encoder: Encoder = PNG,
        num_bytes: int | None = None,
        further: Sequence[ImageMetric] = (),
    ) -> "RunReport":
        """Measure a solution and its baselines, with a gray palette against the luminance.

        Args:
            solution: The solution.
            output: The file that was written, or `-`.
            encoder: The format of that file, in which sizes are measured.
            num_bytes: The size of that file; None to encode it again.
            further: Metrics of torchmetrics to measure beside those of `METRICS`.
        """
        problem = solution.problem
        source = _source_levels(problem)
        colors = np.array(solution.palette.seen, dtype=np.uint8)
        index_images = {"ditherlab": solution.indices}
        # The baselines ignore the limits of cells, so they are not comparable then.
        if problem.cells is None:
            index_images["nearest"] = nearest_indices(source, colors)
            index_images["floyd-steinberg"] = floyd_steinberg_indices(source, colors)
        pictures = [partial(solution.show_rows, indices) for indices in index_images.values()]
        opaque = torch.from_numpy(problem.pictures[0].opaque)[None, None]
        own = measure_all(problem.source_rows, pictures, opaque)
        others = measure_whole(further, problem.source_rows, pictures, opaque)
        figures = [{**mine, **theirs} for mine, theirs in zip(own, others, strict=True)]
        names, indexed = zip(*index_images.items(), strict=True)
        sizes = [len(solution.encode(encoder)) if num_bytes is None else num_bytes]
        sizes += [len(encoder.encode(solution.indexed(0, i), {})) for i in indexed[1:]]
        result, *baselines = map(Row, names, figures, sizes)
        return cls(solution, output, result, tuple(baselines), tuple(further))

    def document(self) -> dict[str, Any]:
        """Return the report as JSON types, without NaN and infinity."""
        solution = self.solution
        problem, history, seen = solution.problem, solution.history, solution.palette.shown
        first, last = (
            (history.snapshots[0], history.snapshots[-1]) if history.snapshots else (None, None)
        )
        failures = filter(None, [solution.failure])
        undefined = filter(None, self._undefined.values())
        notes = [*problem.notes, *solution.notes, *failures, *undefined, *self.not_finite]
        document = {
            "output": Path(self.output).name,
            "width": problem.width,
            "height": problem.height,
            **solution.settings,
            "palette": solution.palette.hex,
            **({"palette_shown": spell_colors(seen)} if seen else {}),
            "colors_used": solution.num_colors_used,
            "device": str(solution.device),
            "steps": solution.num_steps,
            "seconds": round(solution.seconds, 3),
            "cost_evaluations": history.num_evaluations,
            "backward_passes": history.num_backward_passes,
            "expected_cost": {"first": first and first.cost, "last": last and last.cost},
            "entropy": {"first": first and first.entropy, "last": last and last.entropy},
            "outcome": solution.outcome,
            "bytes": self.result.num_bytes,
            "metrics": dict(self.result.metrics),
            **({"lower_is_better": self._lower_is_better} if self.further else {}),
            "baselines": {
                row.name: {**row.metrics, "bytes": row.num_bytes} for row in self.baselines
            },
            "notes": [hide_folders(note) for note in notes],
            **({"parameters": _reported(solution)} if solution.parameters else {}),
            "costs": list(history.costs),
        }
        return finite_document(document)

    def json(self) -> str:
        """Return the document as one line of JSON."""
        return json.dumps(self.document(), allow_nan=False)

    def table(self) -> str:
        """Return a table with a row for the result and for each baseline."""
        metrics: list[Metric | ImageMetric] = [*METRICS, *self.further]
        heads = ["", *(f"{m.name}/{m.unit}" if m.unit else m.name for m in metrics), "bytes", "s"]
        lines = [heads]
        for row in (self.result, *self.baselines):
            figures = [_figure(row.metrics[m.name], _num_digits(m)) for m in metrics]
            seconds = f"{self.solution.seconds:.1f}" if row is self.result else "-"
            lines.append([row.name, *figures, str(row.num_bytes), seconds])
        lower = ", ".join(self._lower_is_better)
        return align(lines) + (f"\nLower is better for {lower}." if lower else "")

    @property
    def not_finite(self) -> tuple[str, ...]:
        """A sentence about each further metric that is defined, but has no finite value."""
        rows = (self.result, *self.baselines)
        missing = {
            name: [row.name for row in rows if row.metrics[name] is None]
            for name, why in self._undefined.items()
            if not why
        }
        sentences = (
            f"`{name}` is not finite for {', '.join(names)}."
            for name, names in missing.items()
            if names
        )
        return tuple(sentences)

    @property
    def _undefined(self) -> Mapping[str, str]:
        """Why the picture has no value of a further metric; empty where it has one."""
        problem = self.solution.problem
        width, height, is_gray = problem.width, problem.height, problem.is_gray
        return {m.name: m.why_not(width, height, is_gray=is_gray) for m in self.further}

    @property
    def _lower_is_better(self) -> list[str]:
        return [metric.name for metric in self.further if not metric.is_higher_better]


def _source_levels(problem: Problem) -> npt.NDArray[np.uint8]:
    """Return the pixels that baselines aim at; their luminance where only that counts."""
    if not problem.is_gray:
        return problem.pictures[0].pixels
    return srgb_to_levels(problem.source_target().images[0].permute(1, 2, 0))


def _reported(solution: Solution) -> dict[str, Any]:
    """Return the parameters of a model; for many, their minimum, median and maximum."""
    reported: dict[str, Any] = {}
    for name, parameter in solution.parameters.items():
        if parameter.numel() <= _MOST_REPORTED:
            reported[name] = parameter.squeeze().tolist()
        else:
            spread = parameter.flatten().sort().values
            places = {"min": 0, "median": len(spread) // 2, "max": len(spread) - 1}
            reported[name] = {word: float(spread[place]) for word, place in places.items()}
    return reported


def _num_digits(metric: Metric | ImageMetric) -> int:
    if metric.unit:
        return 1
    return 4 if isinstance(metric, ImageMetric) else 3


def _figure(value: float | None, num_digits: int) -> str:
    if value is None:
        return "-"
    return f"{value:.0f}" if abs(value) >= _MANY else f"{value:.{num_digits}f}"
