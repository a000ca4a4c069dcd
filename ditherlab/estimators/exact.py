"""The exact gradient, by enumeration of all possible pictures."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from ditherlab.estimators.enumeration import list_pictures, log_chances
from ditherlab.estimators.hard_prices import HardPrices
from ditherlab.protocol import Ability, Cost, Estimate, Estimator, Noise
from ditherlab.protocol.categorical import Categorical


@dataclass(frozen=True)
class Exact(Estimator):
    """`sum_x p(x) f(x) grad log p(x)` over all pictures x, and `sum_x p(x) grad f(x)`.

    Deterministic and without bias, for any objective. With k colors and n pixels it prices `k^n`
    pictures, and is refused above 65 536 pictures: 2 colors on 4 x 4 pixels.
    """

    is_unbiased: ClassVar[bool] = True
    noise: ClassVar[Noise] = "none"
    max_num_pictures: ClassVar[int | None] = 1 << 16

    @property
    def needs(self) -> frozenset[Ability]:
        return frozenset({"value"})

    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        return model.probs.new_empty(0)

    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        log_probs = model.log_probs
        value = torch.zeros_like(model.probs[:, 0, 0, 0])
        grad_logits = torch.zeros_like(model.probs)
        grad_palette = torch.zeros_like(model.palette)
        num_evaluations = num_backward_passes = 0
        for pictures in list_pictures(model.probs):
            chances = log_chances(pictures, log_probs).exp()
            priced = HardPrices.of(pictures, model, cost, chances)
            shares = chances * priced.costs
            value += shares.sum(dim=0)
            weights = shares[:, :, None, None].expand(pictures.shape)
            grad_logits += model.weigh_scores(pictures, weights)
            if priced.grad_palette is not None:
                grad_palette += priced.grad_palette
            num_evaluations += len(pictures)
            num_backward_passes += priced.num_backward_passes
        return Estimate(
            value=value,
            grad_palette=grad_palette if num_backward_passes else None,
            num_evaluations=num_evaluations,
            num_backward_passes=num_backward_passes,
            logit_gradient=grad_logits,
        ), None
