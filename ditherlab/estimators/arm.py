"""ARM: augment, reinforce, merge; for two colors."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from ditherlab.categorical import Categorical
from ditherlab.estimators.antithetic import AntitheticPairs, draw_uniform
from ditherlab.estimators.parameters import check_num_samples
from ditherlab.protocol import Ability, Cost, Estimate, Estimator, Noise


@dataclass(frozen=True)
class ARM(Estimator):
    """`(f(x(u)) - f(x(1 - u))) (1/2 - u)` for the logit of the second color, drawn where `u < p_1`.

    Unbiased, for two colors. The costs of an antithetic pair are each other's baseline. Costs two
    evaluations a pair.

    Source: Mingzhang Yin and Mingyuan Zhou, "ARM: Augment-REINFORCE-Merge Gradient for Stochastic
    Binary Networks", ICLR 2019, theorem 1.

    Attributes:
        num_samples: Pictures to draw a step; rounded down to whole pairs.
    """

    noise: ClassVar[Noise] = "uniform"
    is_unbiased: ClassVar[bool] = True
    num_colors: ClassVar[int | None] = 2

    num_samples: int = 2

    def __post_init__(self) -> None:
        check_num_samples(self, self.num_samples, least=2, why="pictures are drawn in pairs.")

    @property
    def needs(self) -> frozenset[Ability]:
        return frozenset({"value"})

    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        return draw_uniform(self.num_samples // 2, model, generator)

    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        pairs = AntitheticPairs.of(draws, model, cost)
        return pairs.estimate(pairs.difference * (0.5 - draws)), None
