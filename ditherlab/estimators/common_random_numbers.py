"""Common random numbers: the same noise at every step."""

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import torch

from ditherlab.errors import RequestError
from ditherlab.estimators.leave_one_out import LeaveOneOut
from ditherlab.estimators.option import Option
from ditherlab.protocol import Cost, Estimate, Estimator, Noise
from ditherlab.protocol.categorical import Categorical


@dataclass(frozen=True)
class CommonRandomNumbers(Option):
    """Another estimator, with noise that is drawn once and kept: the sample-average approximation.

    Steps differ only in the probabilities. With a relaxation, the optimizer then minimizes one
    smooth function: the mean relaxed cost over the frozen noise, whose minimum is not that of the
    expected cost. With hard draws, this mean is a step function of the probabilities without a
    derivative; a score-function estimate has the same error at every step instead. Biased, and
    without variance from step to step. Costs as much as the other estimator.

    Source: Sujin Kim et al., "A Guide to Sample Average Approximation", in "Handbook of Simulation
    Optimization", 2015, sec. 8.2.

    Attributes:
        estimator: The estimator whose noise is frozen.
        noise_seed: The seed of the noise.
    """

    is_unbiased: ClassVar[bool] = False
    noise: ClassVar[Noise] = "other"

    estimator: Estimator = field(default_factory=LeaveOneOut)
    noise_seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.noise_seed < 2**63:
            raise RequestError(
                "`common-random-numbers(noise_seed=...)` must be from 0 to 2^63 - 1, got "
                f"{self.noise_seed}."
            )

    @property
    def replaces_pixels(self) -> bool:
        return self.estimator.replaces_pixels

    def for_categories(self) -> Estimator:
        return replace(self, estimator=self.estimator.for_categories())

    def draw(self, model: Categorical, generator: torch.Generator) -> Any:
        frozen = torch.Generator(device=generator.device).manual_seed(self.noise_seed)
        return self.estimator.draw(model, frozen)

    def weigh(
        self, draws: Any, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        estimate, state = self.estimator.weigh(draws, model, cost, state, temperature)
        draws_nothing = self.estimator.noise == "none"
        is_unbiased = draws_nothing and estimate.value_is_unbiased
        return replace(estimate, value_is_unbiased=is_unbiased), state
