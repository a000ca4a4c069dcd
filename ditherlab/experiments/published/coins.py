"""Independent coins, the subject of most toy problems."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Shaped
from torch import Tensor

from ditherlab.estimators.option import Option
from ditherlab.programs import LogitsEstimate, estimate
from ditherlab.protocol import Cost, Estimate, Estimator
from ditherlab.protocol.categorical import Categorical

Slopes = Float[Tensor, "b n"]
"""A gradient for the logit of each coin."""


@dataclass(frozen=True)
class Coins:
    """Independent coins that land on 0 or 1; each trial tosses `n` of them.

    Attributes:
        logits: `log(q / (1 - q))`, with the probability `q` of 1.
    """

    logits: Float[Tensor, "b n"]

    @property
    def chances(self) -> Float[Tensor, "b n"]:
        """The probability of 1 for each coin."""
        return self.logits.sigmoid()

    @property
    def both_logits(self) -> Float[Tensor, "b n 2"]:
        """The logits of both sides, zero for the side 0."""
        return torch.stack([torch.zeros_like(self.logits), self.logits], dim=1).mT


@dataclass(frozen=True, eq=False)
class PowerCost:
    """`weight * sum_i |x_i - t_i|^power`.

    Attributes:
        targets: `t`, the same for all trials.
        power: At least 1.
        weight: The weight of each coin.
    """

    targets: Float[Tensor, "n"]
    power: float
    weight: float = 1.0

    def __call__(self, tossed: Shaped[Tensor, "..."]) -> Float[Tensor, "s b"]:
        """Price tosses: one-hots `[s b n 2]`, or the sides `[s b n]`."""
        sides = tossed[..., 1] if tossed.is_floating_point() else tossed
        return self.weight * (sides - self.targets).abs().pow(self.power).sum(dim=2)

    def expect(self, coins: Coins) -> Float[Tensor, "b"]:
        """Return the exact expected cost, which is differentiable in the logits."""
        ones, zeros = ((side - self.targets).abs().pow(self.power) for side in (1.0, 0.0))
        return self.weight * (coins.chances * ones + (1 - coins.chances) * zeros).sum(dim=1)

    def exact_slopes(self, coins: Coins) -> Slopes:
        """Return the gradient of the expected cost for the logits."""
        with torch.enable_grad():
            leaves = coins.logits.detach().requires_grad_()
            (slopes,) = torch.autograd.grad(self.expect(Coins(leaves)).sum(), leaves)
        return slopes


@dataclass(frozen=True, eq=False)
class GivenDraws(Option):
    """Another estimator, on draws that are given.

    Attributes:
        estimator: The estimator.
        draws: What its `draw` would return.
    """

    estimator: Estimator
    draws: Tensor

    @property
    def is_unbiased(self) -> bool:
        return False

    @property
    def replaces_pixels(self) -> bool:
        return self.estimator.replaces_pixels

    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        return self.draws

    def weigh(
        self, draws: Any, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        return self.estimator.weigh(draws, model, cost, state, temperature)


def estimate_slopes(
    estimator: Estimator,
    cost: PowerCost,
    coins: Coins,
    generator: torch.Generator | None = None,
    state: Any = None,
) -> tuple[Slopes, LogitsEstimate]:
    """Return an estimate, and its gradient for the logits of side 1.

    Args:
        estimator: The estimator.
        cost: The cost of each trial.
        coins: The coins.
        generator: The random generator.
        state: The state of the last estimate.
    """
    found = estimate(
        cost,
        coins.both_logits,
        estimator,
        num_batch_dims=1,
        draws="one-hots" if "gradient" in estimator.needs else "indices",
        generator=generator,
        state=state,
    )
    return found.grad_logits[..., 1], found


def train_coins(
    estimator: Estimator,
    cost: PowerCost,
    start: Float[Tensor, "b n"],
    rate: float,
    generator: torch.Generator,
) -> Iterator[Coins]:
    """Train with Adam on an estimator's gradients without an end; yield the coins of each step.

    Args:
        estimator: The estimator of the gradients.
        cost: The cost to minimize, separately for each trial.
        start: The initial logits, which are not changed in place.
        rate: The learning rate of Adam.
        generator: The random generator.
    """
    logits = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([logits], lr=rate)
    state: object = None
    while True:
        coins = Coins(logits.detach().clone())
        yield coins
        logits.grad, found = estimate_slopes(estimator, cost, coins, generator, state)
        state = found.state
        optimizer.step()
