"""How much memory a problem demands."""

from math import inf

from ditherlab.discrete.direct_binary_search import PART_OF_COLORS
from ditherlab.problem.problem import Problem
from ditherlab.solver.memory import MemoryNeed

# Planes (arrays of one number a pixel) for each channel of the target, measured at the peak of
# whole runs and rounded up; the second one of a pair is for objectives with SSIM's windows.
_EXACT = (32.0, 110.0)
_RELAXED = (27.0, 57.0)
_PATHWISE, _SCORED = 3.0, 35.0
_DRAW, _DRAW_WITH_GRADIENT = (5.0, 13.0), (20.0, 30.0)

# Planes for each color of the palette.
_MEAN_FIELD, _ADAM, _ADAM_PATHWISE = 3.1, 9.0, 12.0

# The polish: some planes, and some for each channel.
_POLISH, _POLISH_PER_CHANNEL = 8.0, 32.0

# While a palette is fitted: one-hot pixels, some copies, and some for each channel.
_FIT, _FIT_PER_CHANNEL = 7.5, 2.5


def memory_need(problem: Problem) -> MemoryNeed:
    """Estimate what a run holds at its peak, the metrics included.

    It is up to a tenth more than was measured for `moments` and `gumbel-softmax` on 512 x 512 to
    1536 x 1536 pixels with 4 to 64 colors, and up to a half more for others, and where a palette is
    fitted or a picture polished.
    """
    num_channels = 1 if problem.is_gray else 3
    num_pixels = problem.picture.width * problem.picture.height
    is_on_copy = problem.learns_on_copy and problem.model is None
    learned_px = min(num_pixels, problem.palette_px) if is_on_copy else num_pixels
    stepping = learned_px / num_pixels if problem.takes_steps else 0.0
    extra = problem.chosen_estimator.num_extra_planes(problem.num_colors, num_channels)
    steps = stepping * (num_channels * _planes_per_channel(problem) + extra)
    steps_per_color = stepping * _planes_per_color(problem)
    others = _planes_without_steps(problem, num_channels)
    if others > steps + steps_per_color * problem.num_colors:
        steps, steps_per_color = others, 0.0
    fits = problem.learns_palette and "quadratic" in problem.objective.abilities
    most_at_once = max(PART_OF_COLORS, problem.num_colors * learned_px)
    return MemoryNeed(
        width=problem.picture.width,
        height=problem.picture.height,
        num_colors=problem.num_colors,
        num_planes=steps,
        num_planes_per_color=steps_per_color,
        num_copies=(_FIT + num_channels * _FIT_PER_CHANNEL) * fits,
        most_copied=most_at_once if problem.learns_on_copy else inf,
    )


def _planes_without_steps(problem: Problem, num_channels: int) -> float:
    polish = _POLISH + num_channels * _POLISH_PER_CHANNEL
    method = problem.method
    return max(
        0.0 if problem.chosen_polish == "none" else polish,
        0.0 if method is None else method.num_planes(problem.num_colors, num_channels),
    )


def _planes_per_channel(problem: Problem) -> float:
    estimator = problem.chosen_estimator
    is_windowed = problem.objective.min_size_px > 1
    if estimator.gives_color_costs:
        return _EXACT[is_windowed]
    if estimator.is_relaxation:
        return _RELAXED[is_windowed]
    is_pathwise = "gradient" in estimator.needs
    learns_palette = isinstance(problem.palette, int)
    draw = _DRAW_WITH_GRADIENT if is_pathwise or learns_palette else _DRAW
    num_samples = _num_samples(problem)
    return (_PATHWISE if is_pathwise else _SCORED) + num_samples * draw[is_windowed]


def _planes_per_color(problem: Problem) -> float:
    if problem.model is not None:
        return problem.model.num_planes_per_color
    if problem.chosen_optimizer.needs_color_costs:
        return _MEAN_FIELD
    if "gradient" in problem.chosen_estimator.needs:
        return _ADAM_PATHWISE + _num_samples(problem)
    return _ADAM


def _num_samples(problem: Problem) -> int:
    estimator = problem.chosen_estimator
    inner = getattr(estimator, "estimator", estimator)
    return getattr(inner, "num_samples", 1)
