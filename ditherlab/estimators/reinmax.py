"""ReinMax: second-order straight-through, by Heun's method."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from ditherlab.estimators.hard_pixels import HardPixels, StraightThrough
from ditherlab.estimators.parameters import check_positive
from ditherlab.protocol import apply_softmax_jacobian
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import Logits


@dataclass(frozen=True)
class Reinmax(StraightThrough):
    """`2 J_q(G) - J_p(G) / 2` with `q = (softmax(log p / tau) + D) / 2` at hard drawn pictures.

    With tau = 1 it is exact for a cost that is quadratic in one pixel's color, and equals ZGR, the
    mean of `st` and `darn`. Costs `num_samples` evaluations with backward passes.

    Source: Liyuan Liu et al., "Bridging Discrete and Backpropagation: Straight-Through and Beyond",
    NeurIPS 2023, eq. 8 and algorithm 2; for ZGR Alexander Shekhovtsov, "Cold Analysis of
    Rao-Blackwellized Straight-Through Gumbel-Softmax", ICML 2023.

    Attributes:
        num_samples: Pictures to draw per step.
        tau: The temperature of the probabilities that the draw is averaged with.
    """

    suits_natural_gradient: ClassVar[bool] = True

    num_samples: int = 1
    tau: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(self, "tau", self.tau)

    def pull_back(
        self, hard: HardPixels, draws: Tensor, model: Categorical, temperature: float | None
    ) -> Logits:
        tempered = model.probs if self.tau == 1 else (model.log_probs / self.tau).softmax(dim=1)
        middles = hard.one_hots().add_(tempered).div_(2)
        # The Jacobian at the midpoint depends on the draw; that of the probabilities does not.
        gradient = apply_softmax_jacobian(model.probs, hard.color_gradients.mean(dim=0)).div_(-2)
        for middle, color_gradient in zip(middles, hard.color_gradients, strict=True):
            per_draw = apply_softmax_jacobian(middle, color_gradient)
            gradient.add_(per_draw, alpha=2 / self.num_samples)
        return gradient
