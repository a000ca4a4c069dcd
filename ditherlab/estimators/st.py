"""The straight-through estimator: hard pictures forward, the probabilities' Jacobian backward."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from ditherlab.categorical import Categorical
from ditherlab.errors import RequestError
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

    needs: ClassVar[frozenset[Ability]] = frozenset({"value", "gradient"})
    is_unbiased: ClassVar[bool] = False

    num_samples: int = 1

    def __post_init__(self) -> None:
        if self.num_samples < 1:
            raise RequestError(f"`st(num_samples=...)` must be at least 1, got {self.num_samples}.")

    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        return model.draw_indices(self.num_samples, generator)

    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        costs, grad_images = cost.price_with_gradient(model.images(draws))
        # The Jacobian is the same for all draws, so it meets their mean gradient once.
        per_color = torch.einsum("bkc,bchw->bkhw", model.palette, grad_images.mean(dim=0))
        grad_palette = None
        if model.learns_palette:
            total = model.gather_palette_gradient(draws, grad_images)
            grad_palette = total / self.num_samples
        return Estimate(
            value=costs.mean(dim=0),
            grad_palette=grad_palette,
            num_evaluations=self.num_samples,
            num_backward_passes=self.num_samples,
            logit_gradient=apply_softmax_jacobian(model.probs, per_color),
        ), None
