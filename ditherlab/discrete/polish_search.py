"""The protocol of a polish: sweeps over one index image, made in parts."""

from abc import ABC, abstractmethod
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ditherlab.protocol import PaletteEquations
from ditherlab.types import Colors


class PolishSearch(ABC):
    """An index image that improves in place, part by part of a sweep.

    Attributes:
        palette: The colors, display sRGB, `[1 k c]`.
        generator: Orders the moves and makes their noise.
    """

    palette: Colors
    generator: torch.Generator

    @property
    @abstractmethod
    def indices(self) -> Int[Tensor, "h w"]:
        """The picture."""

    @property
    @abstractmethod
    def num_parts(self) -> int:
        """The number of parts of a sweep."""

    @property
    def num_sweeps_at_once(self) -> int:
        """The number of sweeps that are best made together, part by part."""
        return 1

    @abstractmethod
    def begin_sweep(self, numbers: range) -> None:
        """Prepare a sweep, or several to be made together; the first one has number 0."""

    @abstractmethod
    def price_part(self, part: int) -> Float[Tensor, ""] | None:
        """Return the cost before a part of the sweep; None if it is not known."""

    @abstractmethod
    def move_part(self, part: int, temperature: float) -> None:
        """Let the pixels of one part move, after `price_part`.

        Args:
            part: Its number in the sweep.
            temperature: The scale of noise on the gains of moves; 0 makes the best moves.
        """

    @abstractmethod
    def values(self) -> Any:
        """Return what a search needs to go on, beside picture, palette and generator."""

    @abstractmethod
    def resume(self, values: Any) -> None:
        """Go on in a sweep that was interrupted after `price_part`, with the `values` then."""

    @abstractmethod
    def price(self) -> Float[Tensor, ""]:
        """Return the cost of the current picture."""

    @abstractmethod
    def palette_equations(self) -> PaletteEquations:
        """Return the cost of this picture as a function of the palette alone."""

    @abstractmethod
    def count_colors(self) -> Int[Tensor, "k"]:
        """Return the number of opaque pixels of each color."""

    @abstractmethod
    def show(self, palette: Colors) -> None:
        """Set the palette, with the same indices."""
