"""The memory that a run takes at its peak."""

from collections.abc import Sequence
from math import inf

import torch

from ditherlab.discrete.direct_binary_search import PART_OF_COLORS
from ditherlab.errors import PictureError
from ditherlab.metrics import MOST_THREADS
from ditherlab.problem import Problem
from ditherlab.recipe import Recipe
from ditherlab.solver.memory import MemoryNeed, spell_size
from ditherlab.stages import Stage, StageMemory
from ditherlab.stages.compiled_work import compiled_tile_bytes
from ditherlab.stages.learn_palette import LearnPalette
from ditherlab.vision.image_metrics import ImageMetric

# While a palette is fitted: one-hot pixels, some copies, and some for each channel.
_FIT, _FIT_PER_CHANNEL = 7.5, 2.5

# Of the compiled kernels: each thread holds buffers beside the weights of a tile.
_WITH_BUFFERS = 1.25

# Pixels for each thread at least: of four tiles, one is visited at a time.
_PX_OF_THREAD = 1 << 16

# Stages after which there are probabilities.
_LEAVE_PROBS = {"descend", "learn-model"}


def memory_need(problem: Problem, recipe: Recipe, device: torch.device | str = "cpu") -> MemoryNeed:
    """Estimate the peak of a run on a device, the metrics after it included.

    It is up to a tenth more than was measured for `moments` and `gumbel-softmax`, and up to a half
    more for other estimators, and where a palette is fitted or a picture polished.
    """
    num_colors = problem.num_colors
    tile_bytes = compiled_tile_bytes(problem, device)
    compiles = tile_bytes is not None
    num_threads = torch.get_num_threads()
    num_tiles = min(num_threads, 1 + problem.num_pixels // _PX_OF_THREAD)
    needs = [(stage, _stage_memory(stage, problem, compiles)) for stage in recipe.stages]
    stage, largest = max(needs, key=lambda pair: _planes(pair[1], num_colors))
    fits = problem.learns_palette and problem.is_quadratic and not compiles
    copies = [stage.pixels for stage in recipe.stages if isinstance(stage, LearnPalette)]
    learned_px = min(problem.num_pixels, *copies) if copies else problem.num_pixels
    return MemoryNeed(
        width=problem.width,
        height=problem.height,
        num_colors=num_colors,
        stage=_name(stage),
        num_planes=largest.num_planes * len(problem.pictures),
        num_planes_per_color=largest.num_planes_per_color * len(problem.pictures),
        num_copies=(_FIT + problem.num_channels * _FIT_PER_CHANNEL) * fits,
        most_copied=max(PART_OF_COLORS, num_colors * learned_px) if copies else inf,
        fixed_bytes=int(_WITH_BUFFERS * num_tiles * (tile_bytes or 0)),
        num_bands=min(MOST_THREADS, num_threads),
        num_kept_per_color=_ends_with_probs(recipe) * len(problem.pictures),
    )


def check_metrics(
    metrics: Sequence[ImageMetric], problem: Problem, allowed_bytes: int | None
) -> None:
    """Refuse metrics of torchmetrics, which measures whole pictures, that need too much memory.

    Args:
        metrics: To be measured after the run, one after the other.
        problem: Its pictures are measured.
        allowed_bytes: What the run may take; None if that is not known.

    Raises:
        PictureError: If one needs more; the message names the metrics that do.
    """
    if allowed_bytes is None:
        return
    width, height, is_gray = problem.width, problem.height, problem.is_gray
    needs = {
        metric.name: metric.num_bytes(width, height)
        for metric in metrics
        if not metric.why_not(width, height, is_gray=is_gray)
    }
    large = [name for name, num_bytes in needs.items() if num_bytes > allowed_bytes]
    if large:
        raise PictureError(
            f"A picture of {width} x {height} pixels needs about "
            f"{spell_size(max(needs.values()))} of memory for `--metrics {','.join(large)}`, and "
            f"{spell_size(allowed_bytes)} are allowed. Leave them out, or allow more "
            "(`--max-memory`)."
        )


def _ends_with_probs(recipe: Recipe) -> bool:
    """Return whether a solution keeps probabilities: those of which its pictures were drawn."""
    *earlier, last = (stage.name for stage in recipe.stages)
    if last == "draw":
        return not _LEAVE_PROBS.isdisjoint(earlier)
    return last in _LEAVE_PROBS


def _stage_memory(stage: Stage, problem: Problem, compiles: bool) -> StageMemory:
    compiled = stage.compiled_memory(problem) if compiles else None
    return stage.memory(problem) if compiled is None else compiled


def _name(stage: Stage) -> str:
    estimator = getattr(stage, "estimator", None)
    return f"`{stage.name}`" if estimator is None else f"`{stage.name}` with `{estimator}`"


def _planes(need: StageMemory, num_colors: int) -> float:
    return need.num_planes + need.num_planes_per_color * num_colors
