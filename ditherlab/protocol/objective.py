"""The interface of an objective."""

from abc import ABC, abstractmethod

from ditherlab.protocol.cost import Ability, Cost, Target
from ditherlab.specs import Strategy


class Objective(Strategy, ABC):
    """An objective to minimize: configuration that, bound to a target, becomes a `Cost`."""

    @property
    @abstractmethod
    def abilities(self) -> frozenset[Ability]:
        """The abilities of the bound cost."""

    @property
    @abstractmethod
    def min_size_px(self) -> int:
        """The smallest height and width of a picture that this objective can price."""

    @property
    def is_expectation_exact(self) -> bool:
        """True if `expectation`, if offered, is exact; False if it is of second order."""
        return True

    @property
    def code_words(self) -> str:
        """A text that identifies the objective, and its code as well as this is possible."""
        return repr(self)

    def num_extra_planes(self, *, has_gradient: bool) -> float:
        """Return the memory of pricing a picture beyond what most objectives use.

        It is the peak in numbers per pixel.

        Args:
            has_gradient: Whether the price is differentiated.
        """
        del has_gradient
        return 0.0

    def why_without(self, ability: Ability) -> str:
        """Return why an ability is missing that the class has with other parameters, or nothing."""
        del ability
        return ""

    @property
    def draws_its_dither(self) -> bool:
        """True if the optimum stays random, so that the final picture must be drawn."""
        return False

    @property
    def is_linear(self) -> bool:
        """True if the expected cost is exact, and linear in the probabilities of each pixel."""
        return self.is_expectation_exact and not self.draws_its_dither

    def suited_to(self, *, learned_palette: bool, has_gamut: bool = False) -> "Objective":
        """Return the objective with defaults that depend on the kind of palette.

        Args:
            learned_palette: Whether the colors are learned.
            has_gamut: Whether learned colors must be among those of a machine.
        """
        del learned_palette, has_gamut
        return self

    def for_size(self, height: int, width: int) -> "Objective":
        """Return the objective for pictures of a size, with which it may be tried."""
        del height, width
        return self

    @abstractmethod
    def bind(self, target: Target) -> Cost:
        """Compute everything that depends on the target alone, once."""

    @property
    def public_words(self) -> str:
        """The objective as text for published files, without folders of this machine."""
        return str(self)
