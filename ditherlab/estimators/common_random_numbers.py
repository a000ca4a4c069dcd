"""Common random numbers: the same noise at every step."""

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import torch

from ditherlab.categorical import Categorical
from ditherlab.estimators.leave_one_out import LeaveOneOut
from ditherlab.protocol import Ability, Cost, Estimate, Estimator, Noise


@dataclass(frozen=True)
class CommonRandomNumbers(Estimator):
    """Another estimator whose noise is drawn once and kept: the sample-average approximation.

    Steps differ only in the probabilities, not in luck, so what is minimized is one fixed function:
    the mean cost over the frozen noise, whose minimum is not that of the expected cost. Biased, and
    without variance from step to step; costs what the other estimator costs.

    Source: Sujin Kim et al., "A Guide to Sample Average Approximation", in "Handbook of Simulation
    Optimization", 2015, sec. 8.2.

    Attributes:
        estimator: Whose noise is frozen.
        noise_seed: Which noise.
    """

    is_unbiased: ClassVar[bool] = False
    noise: ClassVar[Noise] = "other"

    estimator: Estimator = field(default_factory=LeaveOneOut)
    noise_seed: int = 0

    def num_extra_planes(self, num_colors: int, num_channels: int) -> float:
        return self.estimator.num_extra_planes(num_colors, num_channels)

    @property
    def needs(self) -> frozenset[Ability]:
        return self.estimator.needs

    def with_num_samples(self, num_samples: int) -> Estimator:
        return replace(self, estimator=self.estimator.with_num_samples(num_samples))

    def draw(self, model: Categorical, generator: torch.Generator) -> Any:
        frozen = torch.Generator(device=generator.device).manual_seed(self.noise_seed)
        return self.estimator.draw(model, frozen)

    def weigh(
        self, draws: Any, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        return self.estimator.weigh(draws, model, cost, state, temperature)
