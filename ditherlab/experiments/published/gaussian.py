"""Variances of three gradient estimators for expectations over normal draws."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ditherlab.continuous import ContinuousEstimator, MeasureValued, Normal, Pathwise, Score
from ditherlab.experiments.published.experiment import Experiment, OnProgress
from ditherlab.experiments.published.findings import Chart, Claim, Findings, Series
from ditherlab.experiments.published.scatter import Scatter, claim_means_agree
from ditherlab.randomness import seeded_generator

_LOCATION, _SCALE = 1.0, 1.0
_NUM_DRAWS, _NUM_DRAWS_IF_QUICK = 400_000, 40_000
_MOST_ERRORS = 4.0

_ESTIMATORS: Mapping[str, ContinuousEstimator] = {
    "score": Score(),
    "pathwise": Pathwise(),
    "measure-valued": MeasureValued(),
}


@dataclass(frozen=True)
class Price:
    """A function with a parameter `k`, and its expectation.

    Attributes:
        words: The function as text.
        at: Returns the function for a `k`.
        expected: Returns `E f` for `k`, location and scale.
        places: The values of `k` to measure.
    """

    words: str
    at: Callable[[float], Callable[[Tensor], Tensor]]
    expected: Callable[[float, Tensor, Tensor], Tensor]
    places: Sequence[float]


_PRICES = (
    Price(
        "(x - k)^2",
        lambda k: lambda x: (x - k).square(),
        lambda k, location, scale: (location - k).square() + scale.square(),
        (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0),
    ),
    Price(
        "exp(-k x^2)",
        lambda k: lambda x: (-k * x.square()).exp(),
        lambda k, location, scale: (
            (-k * location.square() / (1 + 2 * k * scale.square())).exp()
            / (1 + 2 * k * scale.square()).sqrt()
        ),
        (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0),
    ),
    Price(
        "cos(k x)",
        lambda k: lambda x: (k * x).cos(),
        lambda k, location, scale: (k * location).cos() * (-(k**2) * scale.square() / 2).exp(),
        (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0),
    ),
)


class Gaussian(Experiment):
    """Variance of score, pathwise and measure-valued gradients over `k`.

    The measure-valued estimator is coupled, and takes two evaluations for each parameter.
    """

    title = "Three estimators of a gradient over Gaussian noise"
    source = (
        'Shakir Mohamed, Mihaela Rosca, Michael Figurnov and Andriy Mnih, "Monte Carlo Gradient '
        'Estimation in Machine Learning", JMLR 21 (132), 2020, figures 2 and 3'
    )

    def run(self, *, is_quick: bool, seed: int, on_progress: OnProgress) -> Findings:
        num_draws = _NUM_DRAWS_IF_QUICK if is_quick else _NUM_DRAWS
        generator = seeded_generator(seed)
        charts: list[Chart] = []
        claims: list[Claim] = []
        agreeing: dict[str, Scatter] = {}
        for number, price in enumerate(_PRICES):
            on_progress(price.words, number / len(_PRICES))
            scatters = [_measure(price, k, num_draws, generator) for k in price.places]
            agreeing |= {
                f"{estimator} of {price.words}, by the {name}, k = {k:g}": scatter
                for k, at in zip(price.places, scatters, strict=True)
                for (estimator, name), scatter in at.items()
            }
            for name in Normal.names:
                variances = {
                    estimator: [float(at[estimator, name].variances) for at in scatters]
                    for estimator in _ESTIMATORS
                }
                charts.append(_chart(price, name, variances))
                claims += _claims(f"{price.words} by the {name}", price.places, variances)
        claims.insert(0, claim_means_agree("Everywhere: ", agreeing, _MOST_ERRORS))
        return Findings(charts, claims)


def _measure(
    price: Price, k: float, num_draws: int, generator: torch.Generator
) -> dict[tuple[str, str], Scatter]:
    at = {
        "location": torch.tensor(_LOCATION, dtype=torch.float64, requires_grad=True),
        "scale": torch.tensor(_SCALE, dtype=torch.float64, requires_grad=True),
    }
    expected = price.expected(k, at["location"], at["scale"])
    exact = dict(zip(at, torch.autograd.grad(expected, tuple(at.values())), strict=True))
    found = {}
    for label, estimator in _ESTIMATORS.items():
        draws = estimator.gradients(Normal(), at, price.at(k), num_draws, generator)
        for name, each in draws.items():
            found[label, name] = Scatter.of(each, exact[name])
    return found


def _chart(price: Price, name: str, variances: Mapping[str, Sequence[float]]) -> Chart:
    is_straight = price.places[0] < 0
    return Chart(
        f"{price.words}: the gradient by the {name}",
        "k",
        "variance of one draw",
        # A variance of zero cannot be shown on a logarithmic axis.
        [
            Series.of_positive(label, price.places, values)
            for label, values in variances.items()
            if max(values) > 0
        ],
        is_log_x=not is_straight,
    )


def _claims(
    where: str, values_of_k: Sequence[float], variances: Mapping[str, Sequence[float]]
) -> Iterator[Claim]:
    decide = _ordered if values_of_k[0] < 0 else _crosses
    yield decide(where, ("pathwise", "score"), values_of_k, variances)


def _ordered(
    where: str,
    names: tuple[str, str],
    values_of_k: Sequence[float],
    variances: Mapping[str, Sequence[float]],
    most: float = 1.0,
) -> Claim:
    ratios = _parts(names, variances)
    relation = (
        "at most as much variance as" if most == 1 else f"at most {most:g} times the variance of"
    )
    return Claim(
        f"{where}: {names[0]} has {relation} {names[1]}, for every k.",
        max(ratios) <= most,
        "; ".join(_ratio_texts(values_of_k, ratios)),
    )


def _crosses(
    where: str,
    names: tuple[str, str],
    values_of_k: Sequence[float],
    variances: Mapping[str, Sequence[float]],
) -> Claim:
    ratios = _parts(names, variances)
    return Claim(
        f"{where}: {names[0]} has less variance than {names[1]} for small k, and more for large k.",
        ratios[0] < 1 < ratios[-1],
        "; ".join(_ratio_texts(values_of_k, ratios)),
    )


def _parts(names: tuple[str, str], variances: Mapping[str, Sequence[float]]) -> list[float]:
    first, second = (variances[name] for name in names)
    return [a / b for a, b in zip(first, second, strict=True)]


def _ratio_texts(values_of_k: Sequence[float], ratios: Sequence[float]) -> Iterator[str]:
    for k, ratio in zip(values_of_k, ratios, strict=True):
        yield f"k = {k:g}: {ratio:.3g} times"
