"""Straight-through Gumbel-softmax: hard pictures forward, the relaxation backward."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ditherlab.estimators.hard_pixels import HardPixels, StraightThrough
from ditherlab.estimators.parameters import check_positive
from ditherlab.protocol import Noise, apply_softmax_jacobian
from ditherlab.protocol.categorical import Categorical, largest_color
from ditherlab.types import Indices, Logits


@dataclass(frozen=True)
class STGumbel(StraightThrough):
    """`J_q(G) / tau` at hard pictures `argmax(log p + g)`, with `q = softmax((log p + g) / tau)`.

    Biased, but only prices hard pictures. Costs `num_samples` evaluations with backward
    passes.

    Source: Eric Jang et al., "Categorical Reparameterization with Gumbel-Softmax", ICLR 2017,
    sec. 2.2.

    Attributes:
        num_samples: Pictures to draw per step.
        tau: The relaxation's temperature; a schedule's temperature replaces it.
    """

    noise: ClassVar[Noise] = "gumbel"
    is_relaxation: ClassVar[bool] = True

    num_samples: int = 1
    tau: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(self, "tau", self.tau)

    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        return model.draw_gumbel_noise(self.num_samples, generator)

    def drawn_indices(self, draws: Tensor, model: Categorical) -> Indices:
        return largest_color(model.log_probs + draws)

    def pull_back(
        self, hard: HardPixels, draws: Tensor, model: Categorical, temperature: float | None
    ) -> Logits:
        tau = temperature or self.tau
        gradient = torch.zeros_like(model.probs)
        for noise, color_gradient in zip(draws, hard.color_gradients, strict=True):
            relaxed = ((model.log_probs + noise) / tau).softmax(dim=1)
            gradient += apply_softmax_jacobian(relaxed, color_gradient)
        return gradient / (tau * self.num_samples)
