"""ARSM: augment, reinforce, swap, merge; for any number of colors."""

from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from ditherlab.estimators.credit import Credit
from ditherlab.estimators.drawn import Pricing
from ditherlab.estimators.parameters import check_num_samples
from ditherlab.protocol import Ability, Cost, Estimate, Estimator, Noise
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import Indices, Logits


@dataclass(frozen=True)
class ARSM(Estimator):
    """`sum_j (f(x^(c,j)) - mean_m f(x^(m,j))) (1/k - w_j)` for the logit of color c.

    The weights w of a pixel are uniform on the simplex, and its color is the one with the least
    `w / p`. In `x^(c,j)` the weights of c and j are swapped in all pixels at once. Swapped pictures
    are each other's baseline, and a picture that no swap changes gives no gradient. Unbiased.
    Costs `k (k - 1) / 2 + 1` evaluations for each of `num_samples` sets of weights.

    Source: Mingzhang Yin et al., "ARSM: Augment-REINFORCE-Swap-Merge Estimator for Gradient
    Backpropagation Through Categorical Variables", ICML 2019, theorem 3.

    Attributes:
        num_samples: Sets of weights to draw per step.
        credit: `local` credits each pixel only with the windows that contain it.
    """

    is_unbiased: ClassVar[bool] = True
    noise: ClassVar[Noise] = "gumbel"

    num_samples: int = 1
    credit: Credit = "global"

    def __post_init__(self) -> None:
        check_num_samples(self, self.num_samples)

    def num_extra_planes(self, num_colors: int, num_channels: int) -> float:
        return 3.0 * num_colors**2

    @property
    def needs(self) -> frozenset[Ability]:
        return Pricing(self.credit).needs

    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        return model.draw_gumbel_noise(self.num_samples, generator)

    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        exponentials = draws.neg().exp()
        plain = _indices(exponentials, model)
        unswapped = Pricing(self.credit).price(plain, model, cost)
        gradient = torch.zeros_like(model.probs)
        for sample, pixel_costs in zip(exponentials, unswapped.pixel_costs, strict=True):
            swaps = self._price_swaps(sample, pixel_costs, model, cost)
            shares = 1 / len(swaps) - sample / sample.sum(dim=1, keepdim=True)
            advantages = swaps - swaps.mean(dim=0, keepdim=True)
            gradient += torch.einsum("cjbhw,bjhw->bchw", advantages, shares)
        num_swaps = model.probs.shape[1] * (model.probs.shape[1] - 1) // 2
        return Estimate(
            value=unswapped.costs.mean(dim=0),
            grad_palette=unswapped.grad_palette,
            num_evaluations=self.num_samples * (1 + num_swaps),
            num_backward_passes=unswapped.num_backward_passes,
            logit_gradient=gradient / self.num_samples,
        ), None

    def _price_swaps(
        self, sample: Logits, unswapped: Float[Tensor, "b h w"], model: Categorical, cost: Cost
    ) -> Float[Tensor, "c j b h w"]:
        """Price the picture of every swap; return a table that is symmetric in c and j."""
        num_colors = model.probs.shape[1]
        costs = unswapped.expand(num_colors, num_colors, *unswapped.shape).clone()
        for c, j in combinations(range(num_colors), 2):
            order = list(range(num_colors))
            order[c], order[j] = j, c
            swapped = _indices(sample[:, order].unsqueeze(0), model)
            _, (pixel_costs,) = Pricing(self.credit).price_images(model.images(swapped), cost)
            costs[c, j] = costs[j, c] = pixel_costs
        return costs


def _indices(exponentials: Float[Tensor, "s b k h w"], model: Categorical) -> Indices:
    return (exponentials.log() - model.log_probs).argmin(dim=2)
