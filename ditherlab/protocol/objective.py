"""An objective: what a picture shall be good for."""

from abc import ABC, abstractmethod

from ditherlab.protocol.cost import Ability, Cost, Target
from ditherlab.specs import describe


class Objective(ABC):
    """What a picture shall be good for: configuration that becomes a `Cost` with a target."""

    @property
    @abstractmethod
    def abilities(self) -> frozenset[Ability]:
        """What the bound cost will offer."""

    @property
    @abstractmethod
    def min_size_px(self) -> int:
        """The smallest height and width of a picture that this objective can price."""

    @property
    def is_expectation_exact(self) -> bool:
        """Whether `expectation`, if it is offered, is exact; else it is of second order."""
        return True

    @property
    def draws_its_dither(self) -> bool:
        """Whether the optimum stays random, so that a picture has to be drawn from it."""
        return False

    def suited_to(self, *, learned_palette: bool) -> "Objective":
        """Settle what was left open by whether the colors are to be learned, too."""
        del learned_palette
        return self

    @abstractmethod
    def bind(self, target: Target) -> Cost:
        """Compute everything that depends on the target alone, once."""

    def __str__(self) -> str:
        return describe(self)

    @property
    def public_words(self) -> str:
        """The words for a file that others get to see: they name no folder of this machine."""
        return str(self)
