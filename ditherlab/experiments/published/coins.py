"""Independent coins as pictures of two colors, the subject of most toy problems."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from ditherlab.protocol import Ability, Cost, Estimate, Estimator
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import CostMap, DrawCosts, DrawnImages


@dataclass(frozen=True)
class Coins:
    """Independent coins that land on 0 or 1; each trial tosses `n` of them.

    A trial is a picture of a batch, and a coin is a pixel.

    Attributes:
        logits: `log(q / (1 - q))`, with the probability `q` of 1.
    """

    logits: Float[Tensor, "b n"]

    @property
    def chances(self) -> Float[Tensor, "b n"]:
        """The probability of 1 for each coin."""
        return self.logits.sigmoid()

    def model(self) -> Categorical:
        """Return the distribution of pictures, with logits of zero for the side 0."""
        both = torch.stack([torch.zeros_like(self.logits), self.logits], dim=1).unsqueeze(2)
        palette = self.logits.new_tensor([[[0.0], [1.0]]]).expand(len(self.logits), -1, -1)
        return Categorical.from_logits(both, palette)


def coin_slopes(estimate: Estimate) -> Float[Tensor, "b n"]:
    """Return an estimate's gradient for the logits of side 1."""
    return estimate.grad_logits[:, 1, 0]


def train_coins(
    estimator: Estimator,
    cost: Cost,
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
        estimate, state = estimator.estimate(coins.model(), cost, generator, state)
        logits.grad = coin_slopes(estimate)
        optimizer.step()


@dataclass(frozen=True, eq=False)
class PowerCost(Cost):
    """`weight * sum_i |x_i - t_i|^power`.

    Attributes:
        targets: `t`, the same for all trials.
        power: At least 1.
        weight: The weight of each coin.
    """

    targets: Float[Tensor, "n"]
    power: float
    weight: float = 1.0
    abilities: frozenset[Ability] = field(default=frozenset({"value", "gradient", "local"}))

    def cost(self, images: DrawnImages) -> DrawCosts:
        return self.cost_map(images).sum(dim=(2, 3))

    @property
    def footprint_px(self) -> int:
        return 0

    def cost_map(self, images: DrawnImages) -> CostMap:
        return self.weight * (images[:, :, 0] - self.targets).abs().pow(self.power)

    def expect(self, coins: Coins) -> Float[Tensor, "b"]:
        """Return the exact expected cost, which is differentiable in the logits."""
        ones, zeros = ((side - self.targets).abs().pow(self.power) for side in (1.0, 0.0))
        return self.weight * (coins.chances * ones + (1 - coins.chances) * zeros).sum(dim=1)

    def exact_slopes(self, coins: Coins) -> Float[Tensor, "b n"]:
        """Return the gradient of the expected cost for the logits."""
        with torch.enable_grad():
            leaves = coins.logits.detach().requires_grad_()
            (slopes,) = torch.autograd.grad(self.expect(Coins(leaves)).sum(), leaves)
        return slopes
