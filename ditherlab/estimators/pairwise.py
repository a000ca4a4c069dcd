"""The pairwise estimator: differences between draws of neighboring colors."""

from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import torch
from torch import Tensor

from ditherlab.estimators.color_order import is_shown
from ditherlab.estimators.credit import Credit, PixelCosts
from ditherlab.estimators.drawn import Pricing
from ditherlab.estimators.parameters import check_num_samples
from ditherlab.protocol import Ability, Cost, Estimate, Estimator
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import Indices, Logits


@dataclass(frozen=True)
class Pairwise(Estimator):
    """The mean of `(f_b - f_a) kappa(x_a, x_b)` over all pairs of draws; only neighbors count.

    Summation by parts gives `dE f = -sum_c dF_c (f(c+1) - f(c))`, with the cumulative distribution
    F in the palette's order, of the colors with more probability than rounding; the others are
    stepped over. A pair of draws has the colors c and c + 1 with the probability
    `2 p_c p_(c+1)`, so `kappa_j = -p_j (1[j <= c] - F_c) / (2 p_c p_(c+1))` for such pairs, and 0
    for all others. Unbiased, but with a large variance: most pairs contribute nothing, and rare
    ones contribute much.

    Walder's kernels are for continuous variables: they need a density, and a cost that changes
    little between near values. Colors in a palette have no such order, so only the sum by parts
    carries over. With the kernel `(s_b - s_a) / 2` of the scores, which needs no order, the mean
    over pairs is `leave-one-out`.

    Source: Christian J. Walder et al., "New Tricks for Estimating Gradients of Expectations", 2019,
    for the pairs; the sum by parts is ours.

    Attributes:
        num_samples: Pictures to draw per step, at least 2.
        credit: `local` credits each pixel only with the windows that contain it.
    """

    is_unbiased: ClassVar[bool] = True

    num_samples: int = 4
    credit: Credit = "global"

    def __post_init__(self) -> None:
        check_num_samples(self, self.num_samples, least=2, why="one draw makes no pair.")

    @property
    def needs(self) -> frozenset[Ability]:
        return Pricing(self.credit).needs

    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        return model.draw_indices(self.num_samples, generator)

    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        priced = Pricing(self.credit).price(draws, model, cost)
        return priced.estimate_with(_sum_over_pairs(draws, priced.pixel_costs, model)), None


def _sum_over_pairs(indices: Indices, pixel_costs: PixelCosts, model: Categorical) -> Logits:
    bounds = model.probs.cumsum(dim=1)
    colors = torch.arange(model.probs.shape[1], device=indices.device).view(-1, 1, 1)
    shown = is_shown(model.probs)
    places = shown.cumsum(dim=1)
    gradient = torch.zeros_like(model.probs)
    pairs = list(combinations(range(len(indices)), 2))
    for a, b in pairs:
        lower = torch.minimum(indices[a], indices[b]).unsqueeze(1)
        upper = torch.maximum(indices[a], indices[b]).unsqueeze(1)
        step = (pixel_costs[b] - pixel_costs[a]) * (indices[b] - indices[a]).sign()
        chance = 2 * model.probs.gather(1, lower) * model.probs.gather(1, upper)
        are_next = places.gather(1, upper) - places.gather(1, lower) == 1
        counts = shown.gather(1, lower) & shown.gather(1, upper) & are_next
        weight = torch.where(counts, step.unsqueeze(1) / chance.where(counts, 1.0), 0.0)
        gradient -= model.probs * ((colors <= lower).to(weight) - bounds.gather(1, lower)) * weight
    return gradient / len(pairs)
