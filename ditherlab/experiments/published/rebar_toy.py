"""One coin with a target near 0.5: relaxations move away from the optimum."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import torch

from ditherlab.estimators import ESTIMATORS, GumbelSoftmax
from ditherlab.experiments.published.coins import Coins, PowerCost, estimate_slopes, train_coins
from ditherlab.experiments.published.experiment import Experiment, OnProgress
from ditherlab.experiments.published.findings import Chart, Claim, Findings, Series
from ditherlab.experiments.published.scatter import Scatter, claim_means_agree
from ditherlab.proofs.proof import with_fewest_samples
from ditherlab.protocol import Estimator
from ditherlab.randomness import seeded_generator

_TARGETS = (0.45, 0.499)

# Probabilities of b = 1, from a fair coin towards the optimum b = 0.
_PLACES = (0.5, 0.3, 0.1, 0.03, 0.01)
_RATE = 0.05
_MOST_ERRORS = 4.5
_CONTROLLED = ("relax", "rebar", "score-function")
_RELAXED = "gumbel-softmax(tau=1)"

# Wrappers of other estimators, which have no effect on a single coin, and one that needs the
# expected cost in closed form.
_LEFT_OUT = ("random-windows", "random-sparsification", "common-random-numbers", "moments")


@dataclass(frozen=True)
class _Size:
    """The amount of measurement.

    Attributes:
        num_trials: Number of gradients at each probability; a twentieth of it is trained.
        num_steps: Number of training steps.
    """

    num_trials: int
    num_steps: int


_WHOLE, _QUICK = _Size(20_000, 1_000), _Size(2_000, 150)


class RebarToy(Experiment):
    """Minimize `E (b - t)^2` over the probability of a coin's b = 1.

    The optimum is b = 0; the gain is only `1 - 2 t`. The trials are a batch.
    """

    title = "The toy problem of REBAR and RELAX"
    source = (
        'George Tucker et al., "REBAR: Low-Variance, Unbiased Gradient Estimates for Discrete '
        'Latent Variable Models", NeurIPS 2017, section 5.1; Will Grathwohl et al., '
        '"Backpropagation through the Void", ICLR 2018, section 5.1'
    )

    def run(self, *, is_quick: bool, seed: int, on_progress: OnProgress) -> Findings:
        size = _QUICK if is_quick else _WHOLE
        charts: list[Chart] = []
        claims: list[Claim] = []
        for number, target in enumerate(_TARGETS):
            gradients, costs = {}, {}
            estimators = dict(_estimators())
            for place, (name, estimator) in enumerate(estimators.items()):
                part = (number + place / len(estimators)) / len(_TARGETS)
                on_progress(f"t = {target:g}: {name}", part)
                generator = seeded_generator(seed)
                gradients[name] = _measure(estimator, target, size.num_trials, generator)
                costs[name] = _train(estimator, target, size, generator)
            charts += _charts(target, gradients, costs, size.num_steps)
            claims += _claims(target, gradients, costs, estimators)
        return Findings(charts, claims)


def _estimators() -> Iterator[tuple[str, Estimator]]:
    """Yield every estimator, with its smallest number of samples."""
    for name, estimator in ESTIMATORS.defaults().items():
        if name in _LEFT_OUT:
            continue
        yield name, with_fewest_samples(estimator)
    yield _RELAXED, GumbelSoftmax(num_samples=1, tau=1.0)


def _cost(target: float) -> PowerCost:
    return PowerCost(torch.tensor([target], dtype=torch.float64), power=2.0)


def _measure(
    estimator: Estimator, target: float, num_trials: int, generator: torch.Generator
) -> Scatter:
    """Measure gradients at each probability."""
    cost = _cost(target)
    columns, exact = [], []
    for chance in _PLACES:
        logit = math.log(chance / (1 - chance))
        coins = Coins(torch.full((num_trials, 1), logit, dtype=torch.float64))
        # A moving baseline needs a first call.
        _, first = estimate_slopes(estimator, cost, coins, generator)
        slopes, _ = estimate_slopes(estimator, cost, coins, generator, first.state)
        columns.append(slopes)
        exact.append(chance * (1 - chance) * (1 - 2 * target))
    gradients = torch.cat(columns, dim=1)
    return Scatter.of(gradients, gradients.new_tensor(exact))


def _train(
    estimator: Estimator, target: float, size: _Size, generator: torch.Generator
) -> Sequence[float]:
    """Train from fair coins; return the expected cost of each step, averaged over the coins."""
    num_coins = size.num_trials // 20
    cost = _cost(target)
    start = torch.zeros(num_coins, 1, dtype=torch.float64)
    trained = islice(train_coins(estimator, cost, start, _RATE, generator), size.num_steps)
    return [float((coins.chances * (1 - 2 * target) + target**2).mean()) for coins in trained]


def _charts(
    target: float,
    gradients: Mapping[str, Scatter],
    costs: Mapping[str, Sequence[float]],
    num_steps: int,
) -> Iterator[Chart]:
    shown = sorted(gradients, key=lambda name: -float(gradients[name].variances[0]))
    lines = [
        # Ascending, so that the label is next to the fair coin.
        Series.of_positive(name, _PLACES[::-1], gradients[name].variances.tolist()[::-1])
        for name in shown
    ]
    yield Chart(
        f"t = {target:g}: variance of a gradient on the way to the optimum",
        "chance of b = 1",
        "variance",
        [line for line in lines if line.y],
        is_log_x=True,
    )
    steps = range(0, num_steps, max(1, num_steps // 60))
    yield Chart(
        f"t = {target:g}: expected cost over training",
        "step",
        "expected cost above the optimum",
        [
            Series(name, [*steps], [max(line[step] - target**2, 1e-9) for step in steps])
            for name, line in costs.items()
        ],
    )


def _claims(
    target: float,
    gradients: Mapping[str, Scatter],
    costs: Mapping[str, Sequence[float]],
    estimators: Mapping[str, Estimator],
) -> Iterator[Claim]:
    unbiased = {name: found for name, found in gradients.items() if estimators[name].is_unbiased}
    yield claim_means_agree(f"t = {target:g}: ", unbiased, _MOST_ERRORS)
    relaxed = gradients[_RELAXED]
    wrong = [chance for chance, mean in zip(_PLACES, relaxed.means, strict=True) if mean < 0]
    yield Claim(
        f"t = {target:g}: relaxed with temperature 1, the gradient points away from the optimum on "
        "the way there.",
        bool(wrong),
        f"So where the chance is {', '.join(f'{chance:g}' for chance in wrong) or 'nowhere'}.",
    )
    least = {name: float(gradients[name].variances[0]) for name in _CONTROLLED}
    yield Claim(
        f"t = {target:g}: for a fair coin, RELAX has less variance than REBAR and than the plain "
        "score function.",
        min(least, key=lambda name: least[name]) == "relax",
        "; ".join(f"`{name}` {variance:.3g}" for name, variance in least.items()),
    )
    above = {name: costs[name][-1] - target**2 for name in ("relax", _RELAXED)}
    yield Claim(
        f"t = {target:g}: RELAX ends below the relaxation with temperature 1.",
        above["relax"] < above[_RELAXED],
        "; ".join(f"`{name}` {cost:.3g} above the optimum" for name, cost in above.items()),
    )
