"""Rao-Blackwell: sums over the most probable colors of a pixel, and samples the rest."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor

from ditherlab.estimators.hard_prices import HardPrices
from ditherlab.estimators.parameters import check_num_samples, check_positive
from ditherlab.estimators.replacements import (
    Changes,
    Replacements,
    Replacing,
    abilities_for,
    count_backward_passes,
    count_maps,
    num_planes,
    price_replacements,
)
from ditherlab.protocol import Ability, Cost, Estimate, Estimator, Noise
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import Indices, Logits


@dataclass(frozen=True)
class RaoBlackwell(Estimator):
    """`sum_(k in T) p_k f(k) (e_k - p) + p(not T) f(j) (e_j - p)`, with j drawn from the rest.

    T is the set of the `num_top` most probable colors of the pixel, and f the cost with that color
    at the pixel and all other pixels drawn, minus the cost of the draw itself. Unbiased; with all
    colors in T it is `local-expectation`. Prices `num_top + 1` replacing pictures per draw.

    Source: Runjing Liu et al., "Rao-Blackwellized Stochastic Gradients for Discrete Distributions",
    ICML 2019, eq. 8.

    Attributes:
        num_samples: Pictures to draw per step.
        num_top: Number of colors to sum over; limited to the size of the palette.
        pricing: `closed` updates the windows' statistics, `phases` prices whole pictures.
    """

    is_unbiased: ClassVar[bool] = True
    replaces_pixels: ClassVar[bool] = True
    noise: ClassVar[Noise] = "other"

    num_samples: int = 1
    num_top: int = 2
    pricing: Replacing = "closed"

    def __post_init__(self) -> None:
        check_num_samples(self, self.num_samples)
        check_positive(self, "num_top", self.num_top)

    def num_extra_planes(self, num_colors: int, num_channels: int) -> float:
        return num_planes(min(self.num_top, num_colors) + 1, num_channels)

    @property
    def needs(self) -> frozenset[Ability]:
        return abilities_for(self.pricing)

    def for_categories(self) -> Estimator:
        return replace(self, pricing="phases")

    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        """Draw pictures, and pictures of the remaining colors of each pixel."""
        drawn = model.draw_indices(self.num_samples, generator)
        rest = model.probs.scatter(1, self._top(model), 0.0)
        # If the rest has probability 0, any color serves, because it has no weight.
        rest = rest / rest.sum(dim=1, keepdim=True).clamp_min(torch.finfo(rest.dtype).tiny)
        others = Categorical(rest, model.palette).draw_indices(self.num_samples, generator)
        return torch.stack([drawn, others])

    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        drawn, others = draws
        top = self._top(model).transpose(0, 1).unsqueeze(1)
        replacements = torch.cat([top.expand(-1, len(drawn), -1, -1, -1), others.unsqueeze(0)])
        changes = price_replacements(drawn, replacements, model, cost, self.pricing)
        priced = HardPrices.of(drawn, model, cost)
        num_replacing = len(replacements) * self.num_samples
        num_evaluations = self.num_samples + count_maps(num_replacing, drawn, cost, self.pricing)
        num_backward_passes = count_backward_passes(drawn, cost, self.pricing)
        logit_gradient = _weigh(replacements, changes, model)
        return priced.estimate(logit_gradient, num_evaluations, num_backward_passes), None

    def _top(self, model: Categorical) -> Tensor:
        num_top = min(self.num_top, model.probs.shape[1])
        return model.probs.topk(num_top, dim=1).indices


def _weigh(replacements: Replacements, changes: Changes, model: Categorical) -> Logits:
    """Weight the scores of top colors by their probability, of drawn ones by the remaining one."""
    num_samples = changes.shape[1]
    gradient = torch.zeros_like(model.probs)
    left = torch.ones_like(changes[0, 0])
    for pictures, gains in zip(replacements[:-1], changes[:-1], strict=True):
        chance = _chances(pictures, model)
        left = left - chance[0]
        gradient += model.weigh_scores(pictures, chance * gains / num_samples)
    left = left.clamp_min(0)
    return gradient + model.weigh_scores(replacements[-1], left * changes[-1] / num_samples)


def _chances(indices: Indices, model: Categorical) -> Tensor:
    return model.probs.gather(1, indices.transpose(0, 1)).transpose(0, 1)
