"""The straight-through estimator: hard pictures forward, the probabilities' Jacobian backward."""

from dataclasses import dataclass

from torch import Tensor

from ditherlab.estimators.hard_pixels import HardPixels, StraightThrough
from ditherlab.protocol import apply_softmax_jacobian
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import Logits


@dataclass(frozen=True)
class ST(StraightThrough):
    """`J_p(G)` with `G_ik = <df/dX_i, C_k>` at hard drawn pictures, `J_p(G) = p * (G - <p, G>)`.

    Equal to a first-order expansion of the cost in the pixels around each draw: exact for a linear
    cost, otherwise biased. Its palette gradient is unbiased. Costs `num_samples`
    evaluations with backward passes.

    Source: Yoshua Bengio et al., "Estimating or Propagating Gradients Through Stochastic Neurons",
    2013, sec. 4; in this form Liyuan Liu et al., "Bridging Discrete and Backpropagation", NeurIPS
    2023, eq. 5.

    Attributes:
        num_samples: Pictures to draw per step.
    """

    num_samples: int = 1

    def pull_back(
        self, hard: HardPixels, draws: Tensor, model: Categorical, temperature: float | None
    ) -> Logits:
        # The Jacobian is the same for all draws, so it is applied once, to their mean gradient.
        mean_gradient = hard.color_gradients.mean(dim=0)
        return apply_softmax_jacobian(model.probs, mean_gradient)
