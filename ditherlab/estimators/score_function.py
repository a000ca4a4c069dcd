"""The score-function estimator: REINFORCE, with and without a moving baseline."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from ditherlab.categorical import Categorical
from ditherlab.errors import RequestError
from ditherlab.estimators.drawn import price_draws
from ditherlab.protocol import Ability, Cost, Estimate, Estimator
from ditherlab.types import PictureCosts


@dataclass(frozen=True)
class MovingBaseline:
    """An exponential mean of past costs.

    Attributes:
        mean: Biased towards zero while young.
        weight: The total weight of what is in it, from 0 to 1: divides the youth away.
    """

    mean: PictureCosts
    weight: float

    @property
    def baseline(self) -> PictureCosts:
        """The mean of the past costs."""
        return self.mean / self.weight

    def include(self, value: PictureCosts, decay: float) -> "MovingBaseline":
        """Fold in a cost that has been used."""
        mean = decay * self.mean + (1 - decay) * value
        return MovingBaseline(mean, decay * self.weight + 1 - decay)


@dataclass(frozen=True)
class ScoreFunction(Estimator):
    """`mean_n (f_n - b) (onehot(x_n) - p)`, plus the mean gradient of the costs for the palette.

    Unbiased with any baseline `b` that does not depend on the present draws: `none` is zero, `ema`
    an exponential mean of *past* costs. Its variance grows with the square of `f - b` and with the
    number of pixels. Costs `num_samples` evaluations.

    Source: Ronald J. Williams, "Simple Statistical Gradient-Following Algorithms for Connectionist
    Reinforcement Learning", Machine Learning 1992, theorem 1; the categorical score in
    Mohamed et al., "Monte Carlo Gradient Estimation in Machine Learning", JMLR 2020, sec. 4.

    Attributes:
        num_samples: Pictures to draw a step.
        baseline: What is subtracted from the cost.
        decay: How slowly the moving baseline forgets.
    """

    needs: ClassVar[frozenset[Ability]] = frozenset({"value"})
    is_unbiased: ClassVar[bool] = True

    num_samples: int = 4
    baseline: Literal["none", "ema"] = "none"
    decay: float = 0.9

    def __post_init__(self) -> None:
        if self.num_samples < 1:
            raise RequestError(
                f"`score-function(num_samples=...)` must be at least 1, got {self.num_samples}."
            )
        if not 0 <= self.decay < 1:
            raise RequestError(
                f"`score-function(decay=...)` must be from 0 to below 1, got {self.decay:g}."
            )

    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        return model.draw_indices(self.num_samples, generator)

    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        priced = price_draws(draws, model, cost)
        if self.baseline == "none":
            return priced.estimate(model, priced.costs / self.num_samples), None
        past: MovingBaseline | None = state
        advantages = priced.costs - (past.baseline if past else 0.0)
        estimate = priced.estimate(model, advantages / self.num_samples)
        past = past or MovingBaseline(torch.zeros_like(estimate.value), 0.0)
        return estimate, past.include(estimate.value, self.decay)
