"""The score function with the mean of the other draws as baseline: RLOO, or VarGrad."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from ditherlab.estimators.credit import Credit
from ditherlab.estimators.drawn import Control, Pricing
from ditherlab.estimators.parameters import check_num_samples
from ditherlab.protocol import Ability, Cost, Estimate, Estimator
from ditherlab.protocol.categorical import Categorical


@dataclass(frozen=True)
class LeaveOneOut(Estimator):
    """`mean_n (f_n - mean of the other f) (onehot(x_n) - p)`, plus the palette term.

    Equal to `1 / (N - 1) sum_n (f_n - mean f) (onehot(x_n) - p)`. Unbiased, because the others are
    independent of draw n. A constant added to the cost does not change its variance. Costs
    `num_samples` evaluations.

    Source: Wouter Kool et al., "Buy 4 REINFORCE Samples, Get a Baseline for Free!", ICLR workshop
    2019, eq. 8; the same as Lorenz Richter et al., "VarGrad", NeurIPS 2020, eq. 7.

    Attributes:
        num_samples: Pictures to draw per step, at least 2.
        credit: `local` credits each pixel only with the windows that contain it, with a baseline of
            its own. The mean is the same, and the variance does not grow with the picture.
        control: `linstat` subtracts the cost linearized in the windows' statistics and adds its
            exact gradient, for one more backward pass.
    """

    is_unbiased: ClassVar[bool] = True

    num_samples: int = 4
    credit: Credit = "global"
    control: Control = "none"

    def __post_init__(self) -> None:
        why = "one draw has no others for a baseline. Use `score-function`."
        check_num_samples(self, self.num_samples, least=2, why=why)

    def num_extra_planes(self, num_colors: int, num_channels: int) -> float:
        return Pricing(self.credit, self.control).num_extra_planes(num_channels)

    @property
    def needs(self) -> frozenset[Ability]:
        return Pricing(self.credit, self.control).needs

    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        return model.draw_indices(self.num_samples, generator)

    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        priced = Pricing(self.credit, self.control).price(draws, model, cost)
        advantages = priced.pixel_costs - priced.pixel_costs.mean(dim=0)
        return priced.estimate(model, advantages / (self.num_samples - 1)), None
