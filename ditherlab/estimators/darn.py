"""DARN: first-order differences between the drawn color and the expected color."""

from dataclasses import dataclass

from torch import Tensor

from ditherlab.estimators.hard_pixels import HardPixels, StraightThrough
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import Logits


@dataclass(frozen=True)
class DARN(StraightThrough):
    """`mean_n (D_n - p) <G_n, D_n - p>` with the one-hot `D` of the draw.

    The score function of the cost, expanded to first order from the draw towards the mean color.
    Exact for a linear cost; the mean of this and `st` is `reinmax`. Costs `num_samples` evaluations
    with backward passes.

    Source: Karol Gregor et al., "Deep AutoRegressive Networks", ICML 2014, sec. 3; in this form
    Alexander Shekhovtsov, "Cold Analysis of Rao-Blackwellized Straight-Through Gumbel-Softmax",
    ICML 2023.

    Attributes:
        num_samples: Pictures to draw per step.
    """

    num_samples: int = 1

    def pull_back(
        self, hard: HardPixels, draws: Tensor, model: Categorical, temperature: float | None
    ) -> Logits:
        deviations = hard.one_hots() - model.probs
        along = (hard.color_gradients * deviations).sum(dim=2, keepdim=True)
        return (deviations * along).mean(dim=0)
