"""Gapped straight-through: a softmax of logits shifted so that the drawn color wins."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ditherlab.estimators.hard_pixels import HardPixels, StraightThrough
from ditherlab.estimators.parameters import check_positive
from ditherlab.protocol import apply_softmax_jacobian
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import Logits


@dataclass(frozen=True)
class GST(StraightThrough):
    """`J_q(G) / tau` with `q` the softmax of logits whose drawn color leads by `gap`.

    The drawn color's logit is raised to the largest one, and the others are lowered where they come
    nearer than `gap`. This is the smallest perturbation that agrees with the draw, in place of a
    random one by Gumbel noise. Biased. Costs `num_samples` evaluations with backward passes.

    Source: Ting-Han Fan et al., "Training Discrete Deep Generative Models via Gapped
    Straight-Through Estimator", ICML 2022, sec. 4.

    Attributes:
        num_samples: Pictures to draw per step.
        tau: The softmax's temperature.
        gap: The lead of the drawn color, in logits.
    """

    num_samples: int = 1
    tau: float = 1.0
    gap: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(self, "tau", self.tau)
        check_positive(self, "gap", self.gap)

    def pull_back(
        self, hard: HardPixels, draws: Tensor, model: Categorical, temperature: float | None
    ) -> Logits:
        logits = model.log_probs
        largest = logits.amax(dim=1, keepdim=True)
        lowered = logits - (logits + self.gap - largest).clamp_min(0)
        gradient = torch.zeros_like(logits)
        for indices, color_gradient in zip(hard.indices, hard.color_gradients, strict=True):
            gapped = lowered.scatter(1, indices.unsqueeze(1), largest)
            gradient += apply_softmax_jacobian((gapped / self.tau).softmax(dim=1), color_gradient)
        return gradient / (self.tau * self.num_samples)
