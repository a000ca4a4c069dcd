"""The Gumbel-softmax relaxation: differentiates pictures of mixed colors."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from ditherlab.estimators.parameters import check_num_samples, check_positive
from ditherlab.protocol import Ability, Cost, Estimate, Estimator, Noise, apply_softmax_jacobian
from ditherlab.protocol.categorical import Categorical, largest_color

# Numbers that are relaxed at once: several samples of small pictures, one of larger ones.
_PART_SIZE = 1 << 18


@dataclass(frozen=True)
class GumbelSoftmax(Estimator):
    """Differentiate `f(softmax((log p + g) / tau) C)` with Gumbel noise `g`.

    Biased, because the relaxed pictures show mixed colors that are not in the palette. As tau
    falls, the bias falls and the variance grows. The value is that of the hard pictures that the
    same noise draws (Gumbel-max, exact). Costs `num_samples` evaluations with backward passes, and
    as many without for the value.

    Source: Eric Jang et al., "Categorical Reparameterization with Gumbel-Softmax", ICLR 2017,
    eq. 2; Chris J. Maddison et al., "The Concrete Distribution", ICLR 2017, eq. 10.

    Attributes:
        num_samples: Pictures to relax per step.
        tau: The relaxation's temperature; a schedule's temperature replaces it.
    """

    noise: ClassVar[Noise] = "gumbel"
    is_unbiased: ClassVar[bool] = False
    is_relaxation: ClassVar[bool] = True

    num_samples: int = 1
    tau: float = 0.5

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
        logits = model.log_probs
        value = torch.zeros_like(model.probs[:, 0, 0, 0])
        grad_logits = torch.zeros_like(model.probs)
        grad_palette = torch.zeros_like(model.palette)
        # Few samples at a time, to hold few temporaries beside the noise of all samples.
        for noise in draws.split(max(1, _PART_SIZE // logits.numel())):
            perturbed = logits + noise
            drawn = model.images(largest_color(perturbed))
            shares = drawn.new_full(drawn.shape[:2], 1 / self.num_samples)
            value += cost.price_draws(drawn, shares).sum(dim=0)
            relaxed = perturbed.div_(tau).softmax(dim=2)
            _, gradients = cost.price_with_gradient(model.mix(relaxed))
            per_color = model.along_colors(gradients)
            grads = apply_softmax_jacobian(relaxed.flatten(0, 1), per_color.flatten(0, 1))
            grad_logits += grads.view(noise.shape).sum(dim=0)
            if model.learns_palette:
                grad_palette += (relaxed.flatten(3) @ gradients.flatten(3).mT).sum(dim=0)
        return Estimate(
            value=value / self.num_samples,
            grad_palette=grad_palette / self.num_samples if model.learns_palette else None,
            num_evaluations=2 * self.num_samples,
            num_backward_passes=self.num_samples,
            logit_gradient=grad_logits / (tau * self.num_samples),
        ), None
