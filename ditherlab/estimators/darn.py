"""DARN: first-order differences between the drawn color and the expected one."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from ditherlab.categorical import Categorical
from ditherlab.estimators.hard_pixels import HardPixels
from ditherlab.estimators.parameters import check_num_samples
from ditherlab.protocol import Ability, Cost, Estimate, Estimator


@dataclass(frozen=True)
class DARN(Estimator):
    """`mean_n (D_n - p) <G_n, D_n - p>` with the one-hot `D` of the draw.

    The score function of the cost expanded to first order at the draw, towards the mean color.
    Exact for a linear cost; with `st` it averages to `reinmax`. Costs `num_samples` evaluations
    with backward passes.

    Source: Karol Gregor et al., "Deep AutoRegressive Networks", ICML 2014, sec. 3; in this form
    Alexander Shekhovtsov, "Cold Analysis of Rao-Blackwellized Straight-Through Gumbel-Softmax",
    ICML 2023.

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
        deviations = hard.one_hots() - model.probs
        along = (hard.color_gradients * deviations).sum(dim=2, keepdim=True)
        return hard.estimate((deviations * along).mean(dim=0)), None
