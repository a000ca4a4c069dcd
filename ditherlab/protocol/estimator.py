"""An estimator: a way to find the gradient of an expected cost."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any, ClassVar, Literal, final

import torch

from ditherlab.errors import AbilityError
from ditherlab.protocol.categorical import Categorical
from ditherlab.protocol.cost import Ability, Cost
from ditherlab.protocol.estimate import Estimate
from ditherlab.specs import describe

Noise = Literal["indices", "uniform", "gumbel", "other", "none"]


class Estimator(ABC):
    """A way to estimate the gradient of an expected cost; configuration only, no hidden state.

    `draw` and `weigh` are separate, so that a test can enumerate all draws instead of sampling.
    What must last between steps goes in and out of `weigh` as `state`.
    """

    gives_color_costs: ClassVar[bool] = False
    suits_natural_gradient: ClassVar[bool] = False
    """Whether whole runs were measured to end better with the natural gradient than with Adam."""

    @property
    def noise(self) -> Noise:
        """What `draw` draws: independent pictures as palette indices, uniform numbers, Gumbel
        noise, several things or pictures that depend on one another, or nothing.
        """
        return "indices"

    @property
    def works_on_parts(self) -> bool:
        """Whether draws, cut to some rows of the picture, are draws for these rows alone."""
        return self.noise != "none" and self.max_num_pictures is None

    @property
    def is_relaxation(self) -> bool:
        """Whether the temperature of a schedule is its own; else that weighs the entropy."""
        return False

    @property
    def num_colors(self) -> int | None:
        """The only size of a palette that this estimator can work with; None for any."""
        return None

    @property
    def max_num_pictures(self) -> int | None:
        """The most pictures that there may be, for one that lists them all; None for any."""
        return None

    @property
    @abstractmethod
    def is_unbiased(self) -> bool:
        """Whether its mean is the gradient of the expected cost, if an expectation is exact."""

    @property
    @abstractmethod
    def needs(self) -> frozenset[Ability]:
        """What the objective has to offer."""

    def __str__(self) -> str:
        return describe(self)

    def num_extra_planes(self, num_colors: int, num_channels: int) -> float:
        """Return how many numbers a pixel it holds at its peak, beyond what all estimators do."""
        return 0.0

    @property
    def num_draws(self) -> int:
        """Pictures drawn a step, from which its memory follows."""
        return int(getattr(self, "num_samples", 1))

    def with_num_samples(self, num_samples: int) -> "Estimator":
        """Return the same with so many draws a step; itself, if it has no such parameter."""
        names = {parameter.name for parameter in fields(self)}  # type: ignore[arg-type]
        if "num_samples" not in names:
            return self
        return replace(self, num_samples=num_samples)  # type: ignore[type-var]

    @abstractmethod
    def draw(self, model: Categorical, generator: torch.Generator) -> Any:
        """Draw everything random that one estimate needs; mostly one tensor."""

    @abstractmethod
    def weigh(
        self, draws: Any, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        """Turn draws into an estimate and the state for the next step (None at the first)."""

    @final
    def estimate(
        self,
        model: Categorical,
        cost: Cost,
        generator: torch.Generator,
        state: Any = None,
        temperature: float | None = None,
    ) -> tuple[Estimate, Any]:
        """Draw and weigh.

        Args:
            model: The distribution of drawn pictures.
            cost: Must offer what `needs` names.
            generator: On the model's device.
            state: What the last call handed back; None at first.
            temperature: For relaxations, in place of their own.
        """
        with torch.no_grad():
            draws = self.draw(model, generator)
            return self.weigh(draws, model, cost, state, temperature)


def require(
    offered: Iterable[Ability],
    needed: Iterable[Ability],
    *,
    who: str,
    whom: str,
    instead: Iterable[str],
) -> None:
    """Refuse an estimator that needs an ability that the objective does not offer.

    Args:
        offered: What the objective offers.
        needed: What the estimator needs.
        who: The estimator, for the message.
        whom: The objective, for the message.
        instead: Estimators that would work.

    Raises:
        AbilityError: Naming what is missing, and `instead`.
    """
    missing = sorted(set(needed) - set(offered))
    if missing:
        abilities = " and ".join(f"`{ability}`" for ability in missing)
        advice = ", ".join(f"`{name}`" for name in instead) or "another objective"
        raise AbilityError(
            f"`{who}` needs an objective with {abilities}, which `{whom}` does not offer. "
            f"What works: {advice}."
        )
