"""Antithetic pairs of two-color pictures, shared by ARM and DisARM."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ditherlab.estimators.hard_prices import HardPrices
from ditherlab.estimators.parameters import check_num_samples
from ditherlab.protocol import Ability, Cost, Estimate, Estimator, Noise
from ditherlab.protocol.categorical import Categorical


@dataclass(frozen=True)
class AntitheticPairs:
    """Pictures drawn from uniform numbers `u` and from `1 - u`, with their costs.

    The second color is drawn where `u < p_1`. Both pictures have the same distribution, and differ
    as much as possible.

    Attributes:
        first: Pictures drawn from `u`; one for each pair.
        second: Pictures drawn from `1 - u`.
        difference: `f(first) - f(second)` of each pair.
        value: The mean cost of all pictures.
        grad_palette: Its gradient for the palette; None if the palette is fixed.
        num_backward_passes: Number of backward passes for it.
    """

    first: Int[Tensor, "s b h w"]
    second: Int[Tensor, "s b h w"]
    difference: Float[Tensor, "s b 1 1"]
    value: Float[Tensor, "b"]
    grad_palette: Float[Tensor, "b k c"] | None
    num_backward_passes: int

    @classmethod
    def of(
        cls, uniform: Float[Tensor, "s b h w"], model: Categorical, cost: Cost
    ) -> "AntitheticPairs":
        """Draw and price both pictures of each pair."""
        chance = model.probs[:, 1]
        first, second = (uniform < chance).long(), (1 - uniform < chance).long()
        drawn = torch.cat([first, second])
        priced = HardPrices.of(drawn, model, cost)
        costs_first, costs_second = priced.costs.chunk(2)
        return cls(
            first,
            second,
            (costs_first - costs_second)[:, :, None, None],
            priced.costs.mean(dim=0),
            priced.grad_palette,
            priced.num_backward_passes,
        )

    def estimate(self, slopes: Float[Tensor, "s b h w"]) -> Estimate:
        """Make the estimate from the gradients for `logit_1 - logit_0` of each pair."""
        slope = slopes.mean(dim=0).unsqueeze(1)
        return Estimate(
            value=self.value,
            grad_palette=self.grad_palette,
            num_evaluations=2 * len(self.first),
            num_backward_passes=self.num_backward_passes,
            logit_gradient=torch.cat([-slope, slope], dim=1),
        )


class Antithetic(Estimator):
    """Base class of estimators that weight the difference of antithetic pairs."""

    is_unbiased: ClassVar[bool] = True
    noise: ClassVar[Noise] = "uniform"
    num_colors: ClassVar[int | None] = 2

    num_samples: int

    def __post_init__(self) -> None:
        check_num_samples(self, self.num_samples, least=2, why="pictures are drawn in pairs.")

    @property
    def needs(self) -> frozenset[Ability]:
        return frozenset({"value"})

    @final
    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        b, _, h, w = model.probs.shape
        shape = (self.num_samples // 2, b, h, w)
        device, dtype = model.probs.device, model.probs.dtype
        return torch.rand(shape, generator=generator, device=device, dtype=dtype)

    @final
    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        pairs = AntitheticPairs.of(draws, model, cost)
        return pairs.estimate(self.slopes(draws, pairs, model)), None

    @abstractmethod
    def slopes(
        self, uniform: Float[Tensor, "s b h w"], pairs: AntitheticPairs, model: Categorical
    ) -> Float[Tensor, "s b h w"]:
        """Return the gradient for `logit_1 - logit_0` from each pair."""
