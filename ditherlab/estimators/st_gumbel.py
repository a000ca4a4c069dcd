"""Straight-through Gumbel-softmax: hard pictures forward, the relaxation backward."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from ditherlab.estimators.hard_pixels import HardPixels
from ditherlab.estimators.parameters import check_num_samples, check_positive
from ditherlab.protocol import Ability, Cost, Estimate, Estimator, Noise, apply_softmax_jacobian
from ditherlab.protocol.categorical import Categorical, largest_color


@dataclass(frozen=True)
class STGumbel(Estimator):
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
    is_unbiased: ClassVar[bool] = False

    is_relaxation: ClassVar[bool] = True

    num_samples: int = 1
    tau: float = 1.0

    def __post_init__(self) -> None:
        check_num_samples(self, self.num_samples)
        check_positive(self, "tau", self.tau)

    @property
    def needs(self) -> frozenset[Ability]:
        return frozenset({"value", "gradient"})

    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        return model.draw_gumbel_noise(self.num_samples, generator)

    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        tau = temperature or self.tau
        perturbed = model.log_probs + draws
        hard = HardPixels.of(largest_color(perturbed), model, cost)
        gradient = torch.zeros_like(model.probs)
        for logits, color_gradient in zip(perturbed, hard.color_gradients, strict=True):
            gradient += apply_softmax_jacobian((logits / tau).softmax(dim=1), color_gradient)
        return hard.estimate(gradient / (tau * self.num_samples)), None
