"""An order of the palette's colors, for estimators that use neighboring colors."""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from ditherlab.types import Colors, Indices, Probs
from ditherlab.vision.color import luminance, srgb_to_linear

Order = Literal["palette", "lightness"]
"""The order of the palette, or from dark to light."""


@dataclass(frozen=True)
class ColorOrder:
    """A permutation between the colors of a palette and their ranks.

    Attributes:
        colors: The color of each rank.
        ranks: The rank of each color.
    """

    colors: Int[Tensor, "b k"]
    ranks: Int[Tensor, "b k"]

    @classmethod
    def of(cls, palette: Colors, order: Order) -> "ColorOrder":
        """Sort a palette.

        Example:
            >>> gray = torch.tensor([[[0.5], [0.0], [1.0]]])
            >>> found = ColorOrder.of(gray, "lightness")
            >>> found.colors.tolist(), found.ranks.tolist()
            ([[1, 0, 2]], [[1, 0, 2]])
        """
        if order == "palette":
            colors = torch.arange(palette.shape[1], device=palette.device)
            colors = colors.expand(palette.shape[:2])
        else:
            is_gray = palette.shape[2] == 1
            lights = palette if is_gray else luminance(srgb_to_linear(palette), dim=2)
            colors = lights[:, :, 0].argsort(dim=1, stable=True)
        return cls(colors, colors.argsort(dim=1))

    def sort(self, planes: Probs) -> Probs:
        """Reorder planes from the order of colors to that of ranks."""
        return planes.gather(1, self.colors[:, :, None, None].expand_as(planes))

    def restore(self, planes: Probs) -> Probs:
        """Reorder planes from the order of ranks to that of colors."""
        return planes.gather(1, self.ranks[:, :, None, None].expand_as(planes))

    def ranks_of(self, indices: Indices) -> Indices:
        """Return the ranks of drawn colors."""
        return _look_up(self.ranks, indices)

    def colors_at(self, ranks: Indices) -> Indices:
        """Return the colors of ranks."""
        return _look_up(self.colors, ranks)


def is_shown(probs: Probs) -> Bool[Tensor, "b k h w"]:
    """Return which colors have a probability above rounding; the others are hardly ever drawn.

    Estimators that compare neighboring colors step over the others: the bounds of the cumulative
    distribution on both sides of an empty color move together.
    """
    return probs > torch.finfo(probs.dtype).eps


def _look_up(table: Int[Tensor, "b k"], indices: Indices) -> Indices:
    by_picture = indices.transpose(0, 1)
    found = table.gather(1, by_picture.flatten(1)).view(by_picture.shape)
    return found.transpose(0, 1)
