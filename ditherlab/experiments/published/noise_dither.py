"""Noise before rounding: the error for each shape, and estimators of its gradient."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ditherlab.continuous import Normal, Triangular, Uniform
from ditherlab.continuous.location_scale import LocationScale
from ditherlab.experiments.published.experiment import Experiment, OnProgress
from ditherlab.experiments.published.findings import Chart, Claim, Findings, Series
from ditherlab.experiments.published.scatter import Scatter
from ditherlab.experiments.published.small_picture import (
    FORCED,
    SHAPES,
    SmallPicture,
)

# From the middle between two steps to the next such middle.
_LEVELS = torch.linspace(-0.5, 0.5, 101, dtype=torch.float64)
_FARTHEST_STEP = 30
_WIDTHS = tuple(number / 20 for number in range(4, 51))

_MOST_ERRORS = 4.5
_LEAST_SLOPE = 1e-6


class NoiseDither(Experiment):
    """Round after adding noise, and learn the shift and the scale of the noise.

    The first part computes the mean and the variance of the rounding error in closed form, for an
    infinite ladder of steps. The second part measures gradients of the blurred squared error of a
    small picture with four grays, for one shift and one scale.
    """

    title = "Noise before rounding"
    source = (
        'Stanley P. Lipshitz, Robert A. Wannamaker and John Vanderkooy, "Quantization and Dither: '
        'A Theoretical Survey", Journal of the Audio Engineering Society 40 (5), 1992; Shakir '
        'Mohamed et al., "Monte Carlo Gradient Estimation in Machine Learning", JMLR 21 (132), 2020'
    )

    def run(self, *, is_quick: bool, seed: int, on_progress: OnProgress) -> Findings:
        on_progress("the laws of the error", 0.0)
        laws = {
            "uniform, 1 step wide": error_of_rounding(Uniform(), 1.0),
            "triangular, 2 steps wide": error_of_rounding(Triangular(), 1.0),
            "normal, as wide as uniform": error_of_rounding(Normal(), 12**-0.5),
            "no noise": error_of_rounding(Uniform(), 1e-9),
        }
        on_progress("the gradients", 0.1)
        problem = SmallPicture.of(seed)
        num_draws = 2_000 if is_quick else 20_000
        gradients = {
            (shape, estimator): scatter
            for shape in SHAPES
            for estimator, scatter in problem.scatters(shape, num_draws, seed)
        }
        claims = [*_claims_of_laws(laws), *_claims_of_gradients(gradients)]
        return Findings(_charts(laws), claims)


@dataclass(frozen=True)
class RoundingError:
    """The mean and the variance of `round(level + noise) - level`, for each level, in steps."""

    mean: Tensor
    variance: Tensor

    @property
    def mean_square(self) -> float:
        """The mean squared error over all levels."""
        return float((self.mean.square() + self.variance).mean())


def error_of_rounding(
    noise: LocationScale, scale: float, levels: Tensor = _LEVELS
) -> RoundingError:
    """Compute the error of rounding in closed form, from the probability of each step.

    Example:
        >>> triangular = error_of_rounding(Triangular(), 1.0)
        >>> bool(triangular.variance.sub(0.25).abs().max() < 1e-9)
        True
    """
    steps = torch.arange(-_FARTHEST_STEP, _FARTHEST_STEP + 1, dtype=levels.dtype)
    edges = steps[:-1, None] + 0.5 - levels
    below = noise.cdf_of_noise(edges / scale)
    rows = torch.ones_like(levels)[None]
    probs = torch.diff(torch.cat([0 * rows, below, rows]), dim=0)
    errors = steps[:, None] - levels
    mean = (probs * errors).sum(dim=0)
    return RoundingError(mean, (probs * errors.square()).sum(dim=0) - mean.square())


def _charts(laws: Mapping[str, RoundingError]) -> list[Chart]:
    means = {name: law.mean for name, law in laws.items()}
    variances = {name: law.variance for name, law in laws.items()}
    return [
        _over_levels("Mean error over the level", "mean error, steps", means),
        _over_levels("Variance of the error over the level", "variance, squared steps", variances),
    ]


def _over_levels(title: str, label: str, figures: Mapping[str, Tensor]) -> Chart:
    levels = _LEVELS.tolist()
    series = [Series(name, levels, figure.tolist()) for name, figure in figures.items()]
    return Chart(title, "level, steps", label, series, is_log_y=False)


def _claims_of_laws(laws: Mapping[str, RoundingError]) -> Iterator[Claim]:
    uniform, triangular = laws["uniform, 1 step wide"], laws["triangular, 2 steps wide"]
    bias = float(uniform.mean.abs().max())
    yield Claim(
        "Uniform noise one step wide is unbiased at every level.",
        bias < 1e-9,
        f"The largest mean error is {bias:.1g} steps.",
    )
    unbiased = {
        f"{name}, scale {width:g}": law.mean_square
        for name, noise in SHAPES.items()
        for width in _WIDTHS
        if float((law := error_of_rounding(noise, width)).mean.abs().max()) < 1e-3
    }
    ranked = sorted(unbiased, key=lambda words: unbiased[words])
    yield Claim(
        "Of all shapes and widths that are unbiased within 0.001 steps, it has the least error.",
        ranked[0] == "uniform, scale 1",
        "; ".join(f"{words}: {unbiased[words]:.3f}" for words in ranked[:5])
        + f"; all others of {len(unbiased)}: more",
    )
    flat = float(triangular.variance.max() - triangular.variance.min())
    bias = float(triangular.mean.abs().max())
    yield Claim(
        "Triangular noise two steps wide is unbiased, with the same variance at every level: 1/4.",
        flat < 1e-9 and bias < 1e-9 and abs(float(triangular.variance[0]) - 0.25) < 1e-9,
        f"From {triangular.variance.min():.6f} to {triangular.variance.max():.6f} squared steps.",
    )
    others = {name: law.variance for name, law in laws.items() if law is not triangular}
    yield Claim(
        "No other noise here has that: its variance depends on the level.",
        all(float(variance.max() - variance.min()) > 1e-3 for variance in others.values()),
        "; ".join(f"{name}: {v.min():.3f} to {v.max():.3f}" for name, v in others.items()),
    )


def _claims_of_gradients(gradients: Mapping[tuple[str, str], Scatter]) -> Iterator[Claim]:
    pathwise = _of("pathwise", gradients)
    yield Claim(
        "Pathwise gradients through the rounding are zero, whatever the true ones are.",
        all(not s.means.any() and not s.variances.any() for s in pathwise.values())
        and all(bool((s.exact.abs() > _LEAST_SLOPE).all()) for s in pathwise.values()),
        _spell(pathwise),
    )
    for name in ("score", "measure-valued", "smoothed-perturbation"):
        found = _of(name, gradients)
        yield Claim(
            f"{name}: each mean is within {_MOST_ERRORS:g} standard errors of the exact gradient.",
            all(s.most_errors <= _MOST_ERRORS for s in found.values()),
            _spell(found),
        )
    forced = gradients["uniform", FORCED]
    yield Claim(
        "The score function of uniform noise misses what its moving ends do: it is refused.",
        bool((forced.errors > 3 * _MOST_ERRORS).all()),
        f"Forced: {_spell({'uniform': forced})}",
    )
    widest = {
        name: float((gradients["normal", name].variances.sqrt() / exact.abs()).max())
        for name in ("score", "measure-valued", "smoothed-perturbation")
        for exact in [gradients["normal", name].exact]
    }
    yield Claim(
        "Of normal noise, score functions scatter most and smoothed perturbations least.",
        widest["score"] > widest["measure-valued"] > widest["smoothed-perturbation"],
        "; ".join(f"{name}: {ratio:.1f} times the gradient" for name, ratio in widest.items()),
    )


def _of(estimator: str, gradients: Mapping[tuple[str, str], Scatter]) -> Mapping[str, Scatter]:
    """Return the gradients of one estimator by the shape of the noise."""
    return {shape: found for (shape, name), found in gradients.items() if name == estimator}


def _spell(found: Mapping[str, Scatter]) -> str:
    parts = [
        f"{shape}, {parameter}: {mean:.3g} +- {(variance / s.num_trials) ** 0.5:.1g}, "
        f"exact {exact:.3g}"
        for shape, s in found.items()
        for parameter, mean, variance, exact in zip(
            ("shift", "scale"),
            s.means.tolist(),
            s.variances.tolist(),
            s.exact.tolist(),
            strict=True,
        )
    ]
    return "; ".join(parts) + f"; {next(iter(found.values())).num_trials} draws"
