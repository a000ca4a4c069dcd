"""The score-function estimator: REINFORCE, with and without a moving baseline."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from ditherlab.errors import RequestError
from ditherlab.estimators.credit import Credit
from ditherlab.estimators.drawn import Control, Pricing
from ditherlab.estimators.parameters import check_num_samples, check_state
from ditherlab.protocol import Ability, Cost, Estimate, Estimator, Kept
from ditherlab.protocol.categorical import Categorical


@dataclass(frozen=True)
class MovingBaseline(Kept):
    """An exponential moving average of past costs, as credited to each pixel.

    Attributes:
        mean: The average, biased towards zero in the first steps.
        weight: The sum of the weights in the average, from 0 to 1, which corrects the bias.
    """

    mean: Float[Tensor, "b h w"]
    weight: float

    @property
    def baseline(self) -> Float[Tensor, "b h w"]:
        """The mean of the past costs."""
        return self.mean / self.weight

    def include(self, value: Float[Tensor, "b h w"], decay: float) -> "MovingBaseline":
        """Add a cost, after its gradient was computed."""
        mean = decay * self.mean + (1 - decay) * value
        return MovingBaseline(mean, decay * self.weight + 1 - decay)


@dataclass(frozen=True)
class ScoreFunction(Estimator):
    """`mean_n (f_n - b) (onehot(x_n) - p)`, plus the mean gradient of the costs for the palette.

    Unbiased with any baseline `b` that does not depend on the current draws: `none` is zero, `ema`
    an exponential moving average of *past* costs. Its variance grows with the square of `f - b` and
    with the number of pixels. Costs `num_samples` evaluations.

    Source: Ronald J. Williams, "Simple Statistical Gradient-Following Algorithms for Connectionist
    Reinforcement Learning", Machine Learning 1992, theorem 1; the categorical score in
    Mohamed et al., "Monte Carlo Gradient Estimation in Machine Learning", JMLR 2020, sec. 4.

    Attributes:
        num_samples: Pictures to draw per step.
        baseline: The baseline that is subtracted from the cost.
        decay: Decay rate of the moving average.
        credit: `local` credits each pixel only with the windows that contain it.
        control: `linstat` subtracts the cost linearized in the windows' statistics and adds its
            exact gradient.
    """

    is_unbiased: ClassVar[bool] = True

    num_samples: int = 4
    baseline: Literal["none", "ema"] = "none"
    decay: float = 0.9
    credit: Credit = "global"
    control: Control = "none"

    def __post_init__(self) -> None:
        check_num_samples(self, self.num_samples)
        if not 0 <= self.decay < 1:
            raise RequestError(
                f"`score-function(decay=...)` must be from 0 to below 1, got {self.decay:g}."
            )

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
        if self.baseline == "none":
            return priced.estimate(model, priced.pixel_costs / self.num_samples), None
        check_state(self, state, MovingBaseline)
        past: MovingBaseline | None = state
        shape = priced.pixel_costs.shape[1:]
        if past and past.mean.shape not in (shape, (1, *shape[1:])):
            raise RequestError(
                f"The state of `{self}` must belong to pictures of the same shape, {list(shape)}, "
                f"got one for {list(past.mean.shape)}. Keep a state for each shape."
            )
        advantages = priced.pixel_costs - (past.baseline if past else 0.0)
        estimate = priced.estimate(model, advantages / self.num_samples)
        present = priced.pixel_costs.mean(dim=0)
        past = past or MovingBaseline(torch.zeros_like(present), 0.0)
        return estimate, past.include(present, self.decay)
