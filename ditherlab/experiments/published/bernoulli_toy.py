"""Three coins with one logit: the gain of drawing without replacement on tiny problems."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch

from ditherlab.estimators import ARM, CARMS, Disarm, LeaveOneOut, ScoreFunction, UnorderedSet
from ditherlab.experiments.published.coins import Coins, PowerCost, estimate_slopes
from ditherlab.experiments.published.experiment import Experiment, OnProgress
from ditherlab.experiments.published.findings import NOTHING, Chart, Claim, Findings, Series
from ditherlab.experiments.published.scatter import Scatter, claim_means_agree
from ditherlab.protocol import Estimator
from ditherlab.randomness import seeded_generator

_TARGETS = (0.6, 0.51, 0.48)
_PLACES: Mapping[str, float] = {"high entropy": 0.0, "low entropy": -4.0}
_NUMS_SAMPLES = range(2, 9)

# Each number n of coins has 2^n pictures; the targets repeat.
_NUMS_COINS = (1, 2, 3, 5, 8, 10)
_NUM_SAMPLES = 4

_MOST_ERRORS = 4.5

# The allowed difference of two variances, in standard errors of their logarithms.
_MOST_LOG_ERRORS = 3.0


@dataclass(frozen=True)
class _Size:
    """The amount of measurement.

    Attributes:
        num_trials: Number of gradients for three coins.
        num_long_trials: Number of gradients for many coins, whose pictures take longer to list.
    """

    num_trials: int
    num_long_trials: int


_WHOLE, _QUICK = _Size(40_000, 4_000), _Size(4_000, 1_000)


class BernoulliToy(Experiment):
    """Minimize `E sum_i (x_i - t_i)^2` over one logit shared by three coins.

    The gradient for that logit is the sum of the gradients of the coins. The trials are a batch.
    """

    title = "The Bernoulli toy problem of the unordered-set estimator"
    source = (
        'Wouter Kool, Herke van Hoof and Max Welling, "Estimating Gradients for Discrete Random '
        'Variables by Sampling without Replacement", ICLR 2020, section 5.1; the problem is that '
        'of Runjing Liu et al., "Rao-Blackwellized Stochastic Gradients for Discrete '
        'Distributions", ICML 2019'
    )

    def run(self, *, is_quick: bool, seed: int, on_progress: OnProgress) -> Findings:
        size = _QUICK if is_quick else _WHOLE
        charts: list[Chart] = []
        claims: list[Claim] = []
        for number, (label, logit) in enumerate(_PLACES.items()):
            where = f"{label}, logit {logit:g}"
            on_progress(where, number / 4)
            found = {
                str(estimator): measure(estimator, logit, _TARGETS, size.num_trials, seed)
                for num_samples in _NUMS_SAMPLES
                for estimator in _with_samples(num_samples)
            }
            charts.append(_chart(where, found))
            claims += _claims(where, found)
        on_progress("more coins", 0.5)
        chart, more = _grow(size, seed, on_progress)
        return Findings([*charts, chart], [*claims, *more])


def measure(
    estimator: Estimator, logit: float, targets: Sequence[float], num_trials: int, seed: int
) -> Scatter:
    """Measure an estimator's gradients for the logit that all coins share.

    Args:
        estimator: An estimator that supports two colors.
        logit: The logit of each coin.
        targets: The target of each coin.
        num_trials: Number of independent gradients.
        seed: The random seed.
    """
    cost = PowerCost(torch.tensor(targets, dtype=torch.float64), power=2.0)
    coins = Coins(torch.full((num_trials, len(targets)), logit, dtype=torch.float64))
    slopes, _ = estimate_slopes(estimator, cost, coins, seeded_generator(seed))
    exact = cost.exact_slopes(Coins(coins.logits[:1])).sum()
    return Scatter.of(slopes.sum(dim=1), exact)


def _with_samples(num_samples: int) -> Iterator[Estimator]:
    yield ScoreFunction(num_samples=num_samples)
    yield LeaveOneOut(num_samples=num_samples)
    yield UnorderedSet(num_samples=num_samples)
    if num_samples > 2:
        yield CARMS(num_samples=num_samples)
    if num_samples % 2 == 0:
        yield ARM(num_samples=num_samples)
        yield Disarm(num_samples=num_samples)


def _variance(found: Mapping[str, Scatter], estimator: Estimator) -> float:
    return float(found[str(estimator)].variances)


def _chart(where: str, found: Mapping[str, Scatter]) -> Chart:
    curves: dict[str, dict[int, float]] = {}
    for num_samples in _NUMS_SAMPLES:
        for estimator in _with_samples(num_samples):
            name = str(estimator).partition("(")[0]
            curves.setdefault(name, {})[num_samples] = _variance(found, estimator)
    return Chart(
        f"Three coins, {where}: variance of the gradient",
        "evaluations",
        "variance",
        [Series.of_positive(name, [*curve], [*curve.values()]) for name, curve in curves.items()],
    )


def _claims(where: str, found: Mapping[str, Scatter]) -> Iterator[Claim]:
    yield claim_means_agree(f"{where}: ", found, _MOST_ERRORS)
    ratios = {
        number: _variance(found, UnorderedSet(num_samples=number))
        / _variance(found, LeaveOneOut(num_samples=number))
        for number in _NUMS_SAMPLES
    }
    yield Claim(
        f"{where}: the unordered set has less variance than leave-one-out with as many draws.",
        max(ratios.values()) < 1,
        "; ".join(f"{number} draws: {ratio:.3g} times" for number, ratio in ratios.items()),
    )
    most = max(_NUMS_SAMPLES)
    everything = _variance(found, UnorderedSet(num_samples=most))
    yield Claim(
        f"{where}: with all {most} pictures drawn, nothing is left to chance.",
        everything <= NOTHING,
        f"The variance of the unordered set is {everything:.2g}, that of leave-one-out "
        f"{_variance(found, LeaveOneOut(num_samples=most)):.2g}.",
    )


def _grow(size: _Size, seed: int, on_progress: OnProgress) -> tuple[Chart, list[Claim]]:
    """Compare the two estimators for a growing number of pictures."""
    pair = (LeaveOneOut(num_samples=_NUM_SAMPLES), UnorderedSet(num_samples=_NUM_SAMPLES))
    ratios = {}
    for number, num_coins in enumerate(_NUMS_COINS):
        on_progress(f"{num_coins} coins", 0.5 + 0.5 * number / len(_NUMS_COINS))
        targets = [_TARGETS[i % len(_TARGETS)] for i in range(num_coins)]
        num_trials = size.num_trials if num_coins < 8 else size.num_long_trials
        alone, together = (measure(each, 0.0, targets, num_trials, seed) for each in pair)
        ratios[num_coins] = float(together.variances / alone.variances)
    chance = _MOST_LOG_ERRORS * (2 * 2 / size.num_long_trials) ** 0.5
    chart = Chart(
        f"Fair coins, {_NUM_SAMPLES} draws: the unordered set beside leave-one-out",
        "coins",
        "part of the variance",
        [Series("unordered set", [*ratios], [*ratios.values()])],
        is_log_y=False,
    )
    return chart, [
        Claim(
            f"Of {max(_NUMS_COINS)} coins, where {_NUM_SAMPLES} draws hardly ever meet, the two "
            f"have the same variance, to within {chance:.0%}.",
            abs(ratios[max(_NUMS_COINS)] - 1) <= chance,
            "; ".join(f"with {number}: {ratio:.3f} times" for number, ratio in ratios.items())
            + ".",
        )
    ]
