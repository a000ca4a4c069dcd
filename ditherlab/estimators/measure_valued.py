"""The measure-valued derivative: derivatives of probabilities as differences of two measures."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from jaxtyping import Int
from torch import Tensor

from ditherlab.estimators.hard_prices import HardPrices
from ditherlab.estimators.parameters import check_num_samples
from ditherlab.estimators.replacements import (
    Replacing,
    abilities_for,
    count_backward_passes,
    count_maps,
    num_planes,
    one_picture_per_color,
    price_replacements,
)
from ditherlab.protocol import Ability, Cost, Estimate, Estimator, Noise
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import Logits, Probs


@dataclass(frozen=True)
class MeasureValued(Estimator):
    """`p_k (1 - p_k) (f(x with k) - f(x with j_k))`, with `j_k` drawn from p without color k.

    The derivative of p for logit k is `p_k (1 - p_k)` times the difference of two measures: color k
    with certainty, and p without it. One uniform number decides `j_k` for all k of a pixel. The
    mean over the colors is subtracted from the estimate, because it is zero in the true gradient.
    Unbiased. Prices 2 k replacing pictures per draw.

    Source: Shakir Mohamed et al., "Monte Carlo Gradient Estimation in Machine Learning", JMLR 2020,
    sec. 6.1, with the decomposition of the categorical.

    Attributes:
        num_samples: Pictures to draw per step.
        pricing: `closed` updates the windows' statistics, `phases` prices whole pictures.
    """

    is_unbiased: ClassVar[bool] = True
    replaces_pixels: ClassVar[bool] = True
    noise: ClassVar[Noise] = "other"

    num_samples: int = 1
    pricing: Replacing = "closed"

    def __post_init__(self) -> None:
        check_num_samples(self, self.num_samples)

    def num_extra_planes(self, num_colors: int, num_channels: int) -> float:
        return num_planes(2 * num_colors, num_channels)

    @property
    def needs(self) -> frozenset[Ability]:
        return abilities_for(self.pricing)

    def for_categories(self) -> Estimator:
        return replace(self, pricing="phases")

    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        """Draw pictures, and for every color, pictures of the other colors."""
        drawn = model.draw_indices(self.num_samples, generator)
        uniform = torch.rand(
            drawn.shape, generator=generator, device=drawn.device, dtype=model.probs.dtype
        )
        colors = range(model.probs.shape[1])
        return torch.stack([drawn, *(_draw_without(k, uniform, model.probs) for k in colors)])

    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        drawn, others = draws[0], draws[1:]
        replacements = torch.cat([one_picture_per_color(drawn, model), others])
        changes = price_replacements(drawn, replacements, model, cost, self.pricing)
        positive, negative = changes.mean(dim=1).chunk(2)
        priced = HardPrices.of(drawn, model, cost)
        num_replacing = len(replacements) * self.num_samples
        num_evaluations = self.num_samples + count_maps(num_replacing, drawn, cost, self.pricing)
        num_backward_passes = count_backward_passes(drawn, cost, self.pricing)
        logit_gradient = _weigh(model.probs, positive.transpose(0, 1), negative.transpose(0, 1))
        return priced.estimate(logit_gradient, num_evaluations, num_backward_passes), None


def _weigh(probs: Probs, positive: Probs, negative: Probs) -> Logits:
    gradient = probs * (1 - probs) * (positive - negative)
    return gradient - gradient.mean(dim=1, keepdim=True)


def _draw_without(color: int, uniform: Tensor, probs: Probs) -> Int[Tensor, "s b h w"]:
    """Invert the cumulative distribution of the other colors."""
    others = probs.clone()
    others[:, color] = 0
    cumulative = others.cumsum(dim=1)
    # If the probability of `color` is 1, the draw has no weight, but must be another color.
    reached = uniform.unsqueeze(2) * cumulative[:, -1:] >= cumulative
    last = probs.shape[1] - 1
    return reached.sum(dim=2).clamp_max(last - (color == last))
