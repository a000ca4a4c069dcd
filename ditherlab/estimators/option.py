"""Options: estimators that wrap another estimator."""

from dataclasses import replace
from typing import Any, final

from ditherlab.errors import AbilityError
from ditherlab.protocol import Ability, Estimator


class Option(Estimator):
    """Base class of estimators that wrap another one; they need at least its abilities."""

    estimator: Estimator

    def __post_init__(self) -> None:
        """Refuse to wrap another option: frozen noise would also freeze the random strip."""
        if isinstance(self.estimator, Option):
            raise AbilityError(
                f"`{self}` must be around an estimator, got another option. Use one of the two."
            )

    @property
    def needs(self) -> frozenset[Ability]:
        return self.estimator.needs

    @property
    @final
    def is_relaxation(self) -> bool:
        return self.estimator.is_relaxation

    @property
    @final
    def num_colors(self) -> int | None:
        return self.estimator.num_colors

    @property
    @final
    def max_num_pictures(self) -> int | None:
        return self.estimator.max_num_pictures

    @final
    def num_extra_planes(self, num_colors: int, num_channels: int) -> float:
        return self.estimator.num_extra_planes(num_colors, num_channels)

    @final
    def with_num_samples(self, num_samples: int) -> Estimator:
        changed: Any = self
        inner = self.estimator.with_num_samples(num_samples)
        option: Estimator = replace(changed, estimator=inner)
        return option
