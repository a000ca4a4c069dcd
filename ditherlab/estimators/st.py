"""The straight-through estimator: hard pictures forward, the probabilities' Jacobian backward."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from ditherlab.categorical import Categorical
from ditherlab.estimators.hard_pixels import HardPixels
from ditherlab.estimators.parameters import check_num_samples
from ditherlab.protocol import Ability, Cost, Estimate, Estimator, apply_softmax_jacobian


@dataclass(frozen=True)
class ST(Estimator):
    """`J_p(G)` with `G_ik = <df/dX_i, C_k>` at hard drawn pictures, `J_p(G) = p * (G - <p, G>)`.

    The same as a first-order expansion of the cost in the pixels around each draw; biased where the
    cost bends, exact for a linear one. Its palette gradient is unbiased. Costs `num_samples`
    evaluations with backward passes.

    Source: Yoshua Bengio et al., "Estimating or Propagating Gradients Through Stochastic Neurons",
    2013, sec. 4; in this form Liyuan Liu et al., "Bridging Discrete and Backpropagation", NeurIPS
    2023, eq. 5.

    Attributes:
        num_samples: Pictures to draw a step.
    """

    is_unbiased: ClassVar[bool] = False

    num_samples: int = 1

    def __post_init__(self) -> None:
        check_num_samples(self, self.num_samples)

    @property
    def needs(self) -> frozenset[Ability]:
        return frozenset({"value", "gradient"})

    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        return model.draw_indices(self.num_samples, generator)

    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        hard = HardPixels.of(draws, model, cost)
        # The Jacobian is the same for all draws, so it meets their mean gradient once.
        mean_gradient = hard.color_gradients.mean(dim=0)
        return hard.estimate(apply_softmax_jacobian(model.probs, mean_gradient)), None
