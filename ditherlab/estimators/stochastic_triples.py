"""Stochastic triples: jumps to the neighboring color, weighted by how fast the bounds move."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from ditherlab.categorical import Categorical
from ditherlab.estimators.hard_prices import HardPrices
from ditherlab.estimators.parameters import check_num_samples
from ditherlab.estimators.replacements import (
    Replacing,
    abilities_for,
    count_maps,
    num_planes,
    price_replacements,
)
from ditherlab.protocol import Ability, Cost, Estimate, Estimator
from ditherlab.types import Indices, Logits


@dataclass(frozen=True)
class StochasticTriples(Estimator):
    """`p_j / p_x (1[j > x] F_x (f(x+1) - f(x)) + 1[j < x] (1 - F_(x-1)) (f(x-1) - f(x)))`.

    A color is drawn where a uniform number falls between the bounds `F_(x-1)` and `F_x` of the
    cumulative distribution. A logit moves these bounds, by `dF_x / dtheta_j = p_j (1[j <= x] -
    F_x)`, so a draw may jump to its neighbor in the palette, at a rate of that over `p_x`. The
    estimate is freed of its mean over the colors, as the true gradient has none. Unbiased; prices
    two replacing pictures a draw.

    Source: Gaurav Arya et al., "Automatic Differentiation of Programs with Discrete Randomness",
    NeurIPS 2022, sec. 2 and 3; the sum over all pixels in place of one pruned jump.

    Attributes:
        num_samples: Pictures to draw a step.
        pricing: `closed`, by updating the windows' statistics, or `phases`, by pricing pictures.
    """

    is_unbiased: ClassVar[bool] = True

    num_samples: int = 1
    pricing: Replacing = "closed"

    def __post_init__(self) -> None:
        check_num_samples(self, self.num_samples)

    def num_extra_planes(self, num_colors: int, num_channels: int) -> float:
        return num_planes(2, num_channels)

    @property
    def needs(self) -> frozenset[Ability]:
        return abilities_for(self.pricing)

    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        return model.draw_indices(self.num_samples, generator)

    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        last = model.probs.shape[1] - 1
        neighbors = torch.stack([(draws + 1).clamp_max(last), (draws - 1).clamp_min(0)])
        up, down = price_replacements(draws, neighbors, model, cost, self.pricing)
        priced = HardPrices.of(draws, model, cost)
        num_evaluations = self.num_samples + count_maps(2 * self.num_samples, draws, cost)
        logit_gradient = _weigh_jumps(draws, up, down, model)
        return priced.estimate(logit_gradient, num_evaluations), None


def _weigh_jumps(
    indices: Indices,
    up: Float[Tensor, "s b h w"],
    down: Float[Tensor, "s b h w"],
    model: Categorical,
) -> Logits:
    bounds = model.probs.cumsum(dim=1)
    colors = torch.arange(model.probs.shape[1], device=indices.device).view(-1, 1, 1)
    gradient = torch.zeros_like(model.probs)
    for drawn, gain_up, gain_down in zip(indices.unsqueeze(2), up, down, strict=True):
        chance = model.probs.gather(1, drawn)
        # Rounding lets a color of no chance be drawn once in a million pixels: it has no weight.
        odds = chance.where(chance > 0, torch.inf).reciprocal()
        bound_above = bounds.gather(1, drawn)
        rate_up = bound_above * odds * gain_up.unsqueeze(1)
        rate_down = (1 - bound_above + chance) * odds * gain_down.unsqueeze(1)
        gradient += model.probs * ((colors > drawn) * rate_up + (colors < drawn) * rate_down)
    gradient /= len(indices)
    return gradient - gradient.mean(dim=1, keepdim=True)
