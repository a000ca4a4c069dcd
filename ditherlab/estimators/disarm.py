"""DisARM: ARM, averaged over all uniform numbers that draw the same pair."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from ditherlab.categorical import Categorical
from ditherlab.estimators.antithetic import AntitheticPairs, draw_uniform
from ditherlab.estimators.parameters import check_num_samples
from ditherlab.protocol import Ability, Cost, Estimate, Estimator, Noise


@dataclass(frozen=True)
class Disarm(Estimator):
    """`1/2 (f(x) - f(x')) (x - x') max(p_0, p_1)` for the second color's logit.

    The pictures x and x' of a pair are drawn from `u` and `1 - u`; where they agree, a pixel gets
    nothing. Unbiased, for two colors; never a larger variance than ARM. Costs two evaluations a
    pair.

    Source: Zhe Dong et al., "DisARM: An Antithetic Gradient Estimator for Binary Latent Variables",
    NeurIPS 2020, eq. 10; found at the same time as U2G by Yin et al.

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
        signs = (pairs.first - pairs.second).to(draws.dtype)
        larger = model.probs.amax(dim=1)
        return pairs.estimate(0.5 * pairs.difference * signs * larger), None
