"""Common random numbers: benefits and bias of frozen noise."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ditherlab.estimators import CommonRandomNumbers, GumbelSoftmax, LeaveOneOut
from ditherlab.experiments.published.experiment import Experiment, OnProgress
from ditherlab.experiments.published.findings import Chart, Claim, Findings, Series
from ditherlab.experiments.published.frozen_noise import (
    Descent,
    FrozenPictures,
    descend_by_adam,
    descend_by_lbfgs,
)
from ditherlab.experiments.published.sampled_palette import SampledPalette
from ditherlab.objectives import ViewedError
from ditherlab.protocol import Target
from ditherlab.randomness import seeded_generator
from ditherlab.types import Colors, Images, Logits

_SIZE_PX = 16
_NUM_DRAWS = 8
_TAU = 1.0
_RATES = (0.03, 0.1, 0.3, 1.0)

_SCAN_LENGTH, _NUM_PLACES = 3.0, 600
_STEP = 1e-6

_SLOPE_TOLERANCE = 0.1


@dataclass(frozen=True)
class _Size:
    """The amount of measurement.

    Attributes:
        num_evaluations: Number of evaluations for each optimizer.
        num_directions: Number of directions in which the hard cost is differentiated.
        num_palettes: Number of palettes, each fitted to separate draws.
        most_draws: The largest number of draws of a fit.
    """

    num_evaluations: int
    num_directions: int
    num_palettes: int
    most_draws: int


_WHOLE, _QUICK = _Size(400, 500, 1_000, 128), _Size(100, 50, 400, 16)


class Tuning(Experiment):
    """Dither a small gray picture with frozen noise.

    Relaxed pictures are then smooth functions of the logits, and hard pictures are step functions.
    The palette of hard pictures is an easy case, because the draws do not depend on it. Its cost
    over frozen draws is quadratic, so the bias of the minimum can be measured exactly.
    """

    title = "Common random numbers: frozen noise and the sample-average approximation"
    source = (
        'Sujin Kim, Raghu Pasupathy and Shane G. Henderson, "A Guide to Sample Average '
        'Approximation", in "Handbook of Simulation Optimization", 2015'
    )

    def run(self, *, is_quick: bool, seed: int, on_progress: OnProgress) -> Findings:
        size = _QUICK if is_quick else _WHOLE
        charts: list[Chart] = []
        claims: list[Claim] = []
        parts = {"minimizing": _minimize, "a line scan": _scan, "fitting grays": _fit_grays}
        for number, (label, find) in enumerate(parts.items()):
            on_progress(label, number / len(parts))
            chart, found = find(size, seed)
            charts.append(chart)
            claims += found
        return Findings(charts, claims)


def _disc(num_px: int) -> Images:
    """Return a picture of a disc on a ramp."""
    places = (torch.arange(num_px, dtype=torch.float64) + 0.5) / num_px
    ramp = (0.1 + 0.8 * places).expand(num_px, num_px)
    is_disc = (places[:, None] - 0.5).square() + (places - 0.5).square() < 0.1
    return torch.where(is_disc, 1 - ramp, ramp)[None, None]


def _gray(*levels: float) -> Colors:
    return torch.tensor(levels, dtype=torch.float64).view(1, -1, 1)


def _pictures(seed: int) -> tuple[FrozenPictures, Logits]:
    images = _disc(_SIZE_PX)
    cost = ViewedError().bind(Target(images, torch.ones_like(images, dtype=torch.bool)))
    start = torch.zeros(1, 2, _SIZE_PX, _SIZE_PX, dtype=torch.float64)
    return FrozenPictures(cost, _gray(0.0, 1.0), _NUM_DRAWS, _TAU, seed), start


def _minimize(size: _Size, seed: int) -> tuple[Chart, list[Claim]]:
    """Minimize the cost of relaxed pictures with frozen and new noise, and of hard pictures."""
    pictures, start = _pictures(seed)
    most = size.num_evaluations
    fresh = pictures.estimated_slope(GumbelSoftmax(num_samples=_NUM_DRAWS, tau=_TAU), seed)
    hard = CommonRandomNumbers(LeaveOneOut(num_samples=_NUM_DRAWS), noise_seed=seed)

    def renewed(logits: Tensor) -> tuple[float, Tensor]:
        return pictures.price_relaxed(logits), fresh(logits)[1]

    curved = descend_by_lbfgs(pictures.relaxed_slope, start, most)
    adams = {rate: descend_by_adam(pictures.relaxed_slope, start, most, rate) for rate in _RATES}
    on_new_noise = descend_by_lbfgs(renewed, start, most)
    on_hard = descend_by_lbfgs(pictures.estimated_slope(hard), start, most)
    best = min(_RATES, key=lambda rate: min(adams[rate].values))
    quarter = most // 4
    worth = {
        name: float(pictures.cost.expected(pictures.model(found.end).probs, pictures.palette))
        for name, found in (("relaxed", curved), ("hard", on_hard))
    }
    chart = Chart(
        f"Relaxed pictures over {_NUM_DRAWS} frozen draws: the lowest cost so far",
        "evaluation",
        "mean relaxed cost",
        [
            _curve("L-BFGS", curved),
            *(_curve(f"Adam, rate {rate:g}", found) for rate, found in adams.items()),
            _curve("L-BFGS, new noise", on_new_noise),
        ],
        is_log_x=True,
    )
    return chart, [
        Claim(
            f"Relaxed, frozen: L-BFGS is lower after {quarter} evaluations than Adam with the best "
            f"of {len(_RATES)} rates after {most}.",
            curved.best_after(quarter) < min(adams[best].values),
            f"{curved.best_after(quarter):.4g}, and {min(curved.values):.4g} at the end; "
            f"Adam with the rate {best:g} {min(adams[best].values):.4g}.",
        ),
        Claim(
            "Relaxed, with new noise at every evaluation, L-BFGS gets stuck above that.",
            min(on_new_noise.values) > curved.best_after(quarter),
            f"Its line search gives up after {len(on_new_noise.values)} evaluations, at "
            f"{min(on_new_noise.values):.4g}.",
        ),
        Claim(
            "Hard, frozen: with a score-function estimate over the same draws as gradient, L-BFGS "
            "ends with a higher expected cost of hard pictures than by way of the relaxed ones.",
            worth["hard"] > worth["relaxed"],
            f"It gives up after {len(on_hard.values)} evaluations, at {worth['hard']:.4g}; by way "
            f"of the relaxed ones {worth['relaxed']:.4g}.",
        ),
    ]


def _curve(name: str, found: Descent) -> Series:
    return Series(name, [*range(1, len(found.values) + 1)], found.running_best())


def _scan(size: _Size, seed: int) -> tuple[Chart, list[Claim]]:
    """Compute the costs of hard and relaxed pictures along a line."""
    pictures, start = _pictures(seed)
    generator = seeded_generator(seed)

    def direction() -> Tensor:
        drawn = torch.randn(start.shape, generator=generator, dtype=start.dtype)
        return torch.nn.functional.normalize(drawn.flatten(), dim=0).view_as(start)

    line = direction()
    places = torch.linspace(0, _SCAN_LENGTH, _NUM_PLACES, dtype=start.dtype).tolist()
    shown = [pictures.hard_images(start + place * line) for place in places]
    costs = [float(pictures.cost.cost(images).mean()) for images in shown]
    relaxed = [pictures.price_relaxed(start + place * line) for place in places]
    pairs = range(1, _NUM_PLACES)
    num_jumps = sum(costs[i] != costs[i - 1] for i in pairs)
    num_changes = sum(not torch.equal(shown[i], shown[i - 1]) for i in pairs)
    directions = [direction() for _ in range(size.num_directions)]
    num_flat = sum(
        pictures.price_hard(start + _STEP * each) == pictures.price_hard(start - _STEP * each)
        for each in directions
    )
    _, gradient = pictures.relaxed_slope(start)
    slopes = [abs(float((gradient * each).sum())) for each in directions]
    chart = Chart(
        "The same frozen noise along a line through the logits",
        "distance",
        "mean cost",
        [Series("hard", places, costs), Series("relaxed", places, relaxed)],
        is_log_y=False,
    )
    return chart, [
        Claim(
            "Hard, frozen: the cost along a line is a staircase, which moves only where a pixel of "
            "a picture flips.",
            0 < num_jumps <= num_changes < _NUM_PLACES - 1,
            f"{num_jumps} steps between {_NUM_PLACES} places, at {num_changes} of which pictures "
            "differ.",
        ),
        Claim(
            "Hard, frozen: the pathwise derivative is exactly zero.",
            num_flat == size.num_directions,
            f"In {num_flat} of {size.num_directions} random directions, {_STEP:g} forward and back "
            f"make no difference at all; relaxed, the smallest slope is {min(slopes):.2g}.",
        ),
    ]


def _fit_grays(size: _Size, seed: int) -> tuple[Chart, list[Claim]]:
    """Fit four grays to frozen hard draws, and compare them with the best grays."""
    nums_draws = [2**power for power in range(int(math.log2(size.most_draws)) + 1)]
    problem = SampledPalette.of(
        torch.linspace(0, 1, 64, dtype=torch.float64).view(1, 1, 8, 8),
        _gray(0.1, 0.4, 0.6, 0.9),
    )
    gaps = [problem.measure(number, size.num_palettes, seed) for number in nums_draws]
    slopes = {
        "seems better": _log_slope(nums_draws, [seeming for seeming, _ in gaps]),
        "is worse": _log_slope(nums_draws, [real for _, real in gaps]),
    }
    chart = Chart(
        "Four grays fitted to N frozen draws of a picture",
        "N",
        "mean squared error",
        [
            Series("seems better by", nums_draws, [seeming for seeming, _ in gaps]),
            Series("is worse by", nums_draws, [real for _, real in gaps]),
        ],
        is_log_x=True,
    )
    spelled = "; ".join(f"{name}: {slope:.3f}" for name, slope in slopes.items())
    return chart, [
        Claim(
            "The minimum over N frozen draws is too low by a bias that falls as 1/N, and so does "
            f"what is lost: the slopes in logarithms are -1 to within {_SLOPE_TOLERANCE:g}.",
            all(abs(slope + 1) <= _SLOPE_TOLERANCE for slope in slopes.values()),
            f"{spelled}; of {size.num_palettes} palettes for each N up to {size.most_draws}.",
        )
    ]


def _log_slope(x: Sequence[float], y: Sequence[float]) -> float:
    """Return the slope of a straight line through the points, in logarithms."""
    across, up = (torch.tensor(numbers, dtype=torch.float64).log() for numbers in (x, y))
    across = across - across.mean()
    return float((across * up).sum() / across.square().sum())
