"""The interface of a gradient estimator for an expected cost."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any, ClassVar, Literal, final

import torch

from ditherlab.errors import AbilityError
from ditherlab.protocol.categorical import Categorical
from ditherlab.protocol.cost import Ability, Cost
from ditherlab.protocol.estimate import Estimate
from ditherlab.specs import Strategy

Noise = Literal["indices", "uniform", "gumbel", "other", "none"]


class Estimator(Strategy, ABC):
    """An estimator of the gradient of an expected cost; configuration only, without hidden state.

    `draw` and `weigh` are separate, so that a test can enumerate all draws instead of sampling.
    State that lasts between steps is passed to `weigh`, and returned by it.
    """

    gives_color_costs: ClassVar[bool] = False
    suits_natural_gradient: ClassVar[bool] = False
    """True if measured runs ended better with the natural gradient than with Adam."""

    @property
    def noise(self) -> Noise:
        """The kind of random numbers that `draw` returns.

        `indices` are independent pictures. `other` means several kinds of draws, or pictures that
        depend on one another.
        """
        return "indices"

    @property
    def works_on_parts(self) -> bool:
        """True if draws, cut to some rows of the picture, are valid draws for these rows alone."""
        return self.noise != "none" and self.max_num_pictures is None

    @property
    def replaces_pixels(self) -> bool:
        """True if it needs `local` only to price pictures in which pixels are replaced.

        A cost without windows suits it too, if the pixels are replaced one by one.
        """
        return False

    @property
    def is_relaxation(self) -> bool:
        """True if a schedule sets the relaxation's temperature, False if the entropy's weight."""
        return False

    @property
    def num_colors(self) -> int | None:
        """The only palette size that this estimator supports; None for any."""
        return None

    @property
    def max_num_pictures(self) -> int | None:
        """The most possible pictures, for an estimator that lists them all; None for any number."""
        return None

    @property
    @abstractmethod
    def is_unbiased(self) -> bool:
        """True if its mean is the gradient of the expected cost, given an exact `expectation`."""

    @property
    @abstractmethod
    def needs(self) -> frozenset[Ability]:
        """The abilities that the objective must offer."""

    def num_extra_planes(self, num_colors: int, num_channels: int) -> float:
        """Return its peak memory in numbers per pixel, beyond what all estimators use."""
        return 0.0

    @property
    def num_draws(self) -> int:
        """Pictures drawn a step, from which its memory follows."""
        return int(getattr(self, "num_samples", 1))

    def with_num_samples(self, num_samples: int) -> "Estimator":
        """Return the estimator with another `num_samples`; itself if it has no such parameter."""
        names = {parameter.name for parameter in fields(self)}  # type: ignore[arg-type]
        if "num_samples" not in names:
            return self
        return replace(self, num_samples=num_samples)  # type: ignore[type-var]

    def for_categories(self) -> "Estimator":
        """Return the estimator for categories that are no colors; itself by default."""
        return self

    @abstractmethod
    def draw(self, model: Categorical, generator: torch.Generator) -> Any:
        """Draw all random numbers of one estimate, usually as one tensor."""

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
        """Draw random numbers and compute the estimate.

        Args:
            model: The distribution of drawn pictures.
            cost: Must offer what `needs` names.
            generator: On the model's device.
            state: The state that the last call returned; None at first.
            temperature: For relaxations, replaces their own temperature.
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
    reason: str = "",
) -> None:
    """Check that an objective offers all abilities that an estimator needs.

    Args:
        offered: The abilities of the objective.
        needed: The abilities that the estimator needs.
        who: The estimator, for the message.
        whom: The objective, for the message.
        instead: Estimators that would work, for the message.
        reason: Why the objective lacks the ability, for the message.

    Raises:
        AbilityError: If an ability is missing; the message names it, and `instead`.
    """
    missing = sorted(set(needed) - set(offered))
    if missing:
        abilities = " and ".join(f"`{ability}`" for ability in missing)
        advice = ", ".join(f"`{name}`" for name in instead) or "another objective"
        raise AbilityError(
            f"`{who}` needs an objective with {abilities}, which `{whom}` does not offer"
            f"{reason and ': '}{reason}. What works: {advice}."
        )
