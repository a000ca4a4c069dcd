"""Many coins with a polynomial cost: straight-through stalls, and ReinMax does not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor

from ditherlab.estimators import (
    GST,
    ST,
    LeaveOneOut,
    LocalExpectation,
    Reinmax,
    ScoreFunction,
    STGumbel,
)
from ditherlab.estimators.hard_pixels import StraightThrough
from ditherlab.experiments.published.coins import (
    Coins,
    GivenDraws,
    PowerCost,
    Slopes,
    estimate_slopes,
    train_coins,
)
from ditherlab.experiments.published.experiment import Experiment, OnProgress
from ditherlab.experiments.published.findings import Chart, Claim, Findings, Series
from ditherlab.protocol import Estimator
from ditherlab.randomness import seeded_generator

_TARGET = 0.45
_POWERS = (1.5, 2.0, 3.0)
_SPREAD = 0.02

_PLACES = [place / 40 for place in range(1, 40)]
_ROUNDING = 1e-12
_STALL_TOLERANCE = 0.02
_NUM_SHOWN = 80


@dataclass(frozen=True)
class _Size:
    """The amount of measurement.

    Attributes:
        num_coins: Number of coins optimized together.
        num_samples: Number of samples per step.
        num_steps: Number of steps of each run.
        num_runs: Number of runs of each estimator.
        rate: The learning rate of Adam, for the difference of a coin's two logits.
    """

    num_coins: int
    num_samples: int
    num_steps: int
    num_runs: int
    rate: float


_WHOLE, _QUICK = _Size(128, 64, 4_000, 3, 2e-3), _Size(32, 32, 400, 1, 2e-2)


class Polynomial(Experiment):
    """Minimize `E sum_i |x_i - 0.45|^p / n` over the probabilities of n coins.

    The optimum is 0 for every coin. The runs are a batch.
    """

    title = "The polynomial programming of ReinMax"
    source = (
        'Liyuan Liu, Chengyu Dong, Xiaodong Liu, Bin Yu and Jianfeng Gao, "Bridging Discrete and '
        'Backpropagation: Straight-Through and Beyond", NeurIPS 2023, section 6.1'
    )

    def run(self, *, is_quick: bool, seed: int, on_progress: OnProgress) -> Findings:
        size = _QUICK if is_quick else _WHOLE
        charts: list[Chart] = []
        claims: list[Claim] = []
        for number, power in enumerate(_POWERS):
            trained = {}
            estimators = dict(_estimators(size.num_samples))
            for place, (name, estimator) in enumerate(estimators.items()):
                part = (number + place / len(estimators)) / len(_POWERS)
                on_progress(f"p = {power:g}: {name}", part)
                trained[name] = _train(estimator, power, size, seed)
            slopes = _all_slopes(power)
            charts += [_chart_slopes(power, slopes), _chart_costs(power, trained)]
            claims += _claims(power, slopes, trained)
        return Findings(charts, claims)


def _estimators(num_samples: int) -> Iterator[tuple[str, Estimator]]:
    yield "exact", LocalExpectation(num_samples=1, pricing="phases")
    yield "score-function", ScoreFunction(num_samples=num_samples)
    yield "leave-one-out", LeaveOneOut(num_samples=num_samples)
    yield "st", ST(num_samples=num_samples)
    yield "st-gumbel", STGumbel(num_samples=num_samples)
    yield "gst", GST(num_samples=num_samples)
    yield "reinmax", Reinmax(num_samples=num_samples)


def _all_slopes(power: float) -> Mapping[str, Slopes]:
    """Return the exact gradient of a coin at each probability, and two estimators' means."""
    coins = Coins(torch.tensor([_PLACES], dtype=torch.float64).logit())
    cost = _cost(power, len(_PLACES), weight=1.0)
    found = {str(each): expected_slopes(each, coins, cost) for each in (ST(), Reinmax())}
    return {"exact": cost.exact_slopes(coins), **found}


def expected_slopes(estimator: StraightThrough, coins: Coins, cost: PowerCost) -> Slopes:
    """Return the exact mean of an estimator's gradients, over both sides of each coin.

    The cost must be a sum over the coins, so that they do not interact.

    Args:
        estimator: An estimator with one sample.
        coins: The coins.
        cost: The cost to minimize.
    """
    zeros = torch.zeros((1, len(coins.logits), 1, coins.logits.shape[1]), dtype=torch.long)

    def weigh(landed: Tensor) -> Slopes:
        return estimate_slopes(GivenDraws(estimator, landed), cost, coins)[0]

    expected: Slopes = torch.lerp(weigh(zeros), weigh(zeros + 1), coins.chances)
    return expected


def stalling_chance(power: float) -> float:
    """Return the probability of 1 at which the mean straight-through gradient is zero.

    Straight-through takes the slope `f'(x)` at the drawn side, so it stalls where
    `q f'(1) + (1 - q) f'(0) = 0`.

    Example:
        >>> round(stalling_chance(2.0), 9)
        0.45
    """
    up, down = (1 - _TARGET) ** (power - 1), _TARGET ** (power - 1)
    return float(down / (up + down))


def _cost(power: float, num_coins: int, weight: float) -> PowerCost:
    return PowerCost(torch.full((num_coins,), _TARGET, dtype=torch.float64), power, weight)


def _train(estimator: Estimator, power: float, size: _Size, seed: int) -> Tensor:
    """Train from fair coins; return the excess cost of each step and run."""
    generator = seeded_generator(seed)
    cost = _cost(power, size.num_coins, weight=1 / size.num_coins)
    shape = (size.num_runs, size.num_coins)
    spread = torch.rand(shape, generator=generator, dtype=torch.float64)
    start = _SPREAD * (2 * spread - 1)
    trained = train_coins(estimator, cost, start, size.rate, generator)
    kept = [cost.expect(coins) for coins in islice(trained, size.num_steps)]
    excess: Tensor = torch.stack(kept) - _TARGET**power
    return excess


def _chart_slopes(power: float, slopes: Mapping[str, Slopes]) -> Chart:
    return Chart(
        f"p = {power:g}: the expected gradient of a coin",
        "chance of 1",
        "gradient for the logit",
        [Series(name, _PLACES, found[0].tolist()) for name, found in slopes.items()],
        is_log_y=False,
    )


def _chart_costs(power: float, trained: Mapping[str, Tensor]) -> Chart:
    num_steps = len(next(iter(trained.values())))
    shown = [*range(0, num_steps, max(1, num_steps // _NUM_SHOWN)), num_steps - 1]
    return Chart(
        f"p = {power:g}: expected cost over training",
        "step",
        "above the optimum",
        [
            Series(
                name,
                shown,
                excess[shown].mean(dim=1).tolist(),
                excess[shown].min(dim=1).values.tolist(),
                excess[shown].max(dim=1).values.tolist(),
            )
            for name, excess in trained.items()
        ],
    )


def _claims(
    power: float, slopes: Mapping[str, Slopes], trained: Mapping[str, Tensor]
) -> Iterator[Claim]:
    where = f"p = {power:g}"
    exact, plain, heun = (slopes[name] for name in ("exact", "st", "reinmax"))
    if power == 2:
        off = {name: float((slopes[name] - exact).abs().max()) for name in ("st", "reinmax")}
        yield Claim(
            f"{where}: the mean gradient of ReinMax is exact, that of straight-through is not.",
            off["reinmax"] <= _ROUNDING < off["st"],
            f"ReinMax is off by {off['reinmax']:.1g} at most, straight-through by {off['st']:.2g}.",
        )
    ratio = heun / exact
    yield Claim(
        f"{where}: everywhere, the mean gradient of ReinMax has the sign of the exact one; that of "
        "straight-through has not.",
        bool((ratio > 0).all()) and not bool((plain / exact > 0).all()),
        f"ReinMax's is {float(ratio.mean()):.3f} times the exact one, at every chance; "
        f"straight-through turns back below {stalling_chance(power):.3f}.",
    )
    ends = {name: float(excess[-1].mean()) for name, excess in trained.items()}
    stalled = stalling_chance(power) * ((1 - _TARGET) ** power - _TARGET**power)
    yield Claim(
        f"{where}: straight-through stalls there, within {_STALL_TOLERANCE:.0%} of the cost.",
        abs(ends["st"] / stalled - 1) <= _STALL_TOLERANCE,
        f"It ends {ends['st']:.4f} above the optimum; at that chance it would be {stalled:.4f}.",
    )
    yield Claim(
        f"{where}: ReinMax ends below the other straight-through estimators.",
        ends["reinmax"] < min(ends[name] for name in ("st", "st-gumbel", "gst")),
        "; ".join(f"`{name}` {end:.4f}" for name, end in ends.items()) + " above the optimum.",
    )
