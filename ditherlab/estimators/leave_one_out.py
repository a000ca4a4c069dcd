"""The score function with the other draws as baseline: RLOO, also known as VarGrad."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from ditherlab.categorical import Categorical
from ditherlab.errors import RequestError
from ditherlab.estimators.drawn import price_draws
from ditherlab.protocol import Ability, Cost, Estimate, Estimator


@dataclass(frozen=True)
class LeaveOneOut(Estimator):
    """`mean_n (f_n - mean of the other f) (onehot(x_n) - p)`, plus the palette term.

    Equal to `1 / (N - 1) sum_n (f_n - mean f) (onehot(x_n) - p)`. Unbiased, since the others are
    independent of draw n; its variance does not see a constant added to the cost. Costs
    `num_samples` evaluations.

    Source: Wouter Kool et al., "Buy 4 REINFORCE Samples, Get a Baseline for Free!", ICLR workshop
    2019, eq. 8; the same as Lorenz Richter et al., "VarGrad", NeurIPS 2020, eq. 7.

    Attributes:
        num_samples: Pictures to draw a step, at least 2.
    """

    needs: ClassVar[frozenset[Ability]] = frozenset({"value"})
    is_unbiased: ClassVar[bool] = True

    num_samples: int = 4

    def __post_init__(self) -> None:
        if self.num_samples < 2:
            raise RequestError(
                f"`leave-one-out(num_samples=...)` must be at least 2, got {self.num_samples}: one "
                "draw has no others for a baseline. Use `score-function`."
            )

    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        return model.draw_indices(self.num_samples, generator)

    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        priced = price_draws(draws, model, cost)
        advantages = priced.costs - priced.costs.mean(dim=0)
        return priced.estimate(model, advantages / (self.num_samples - 1)), None
