"""The colors that pixels may take, and their extra prices, as the kernels take them."""

from dataclasses import dataclass

from jaxtyping import Bool, Float, Int32
from torch import Tensor


@dataclass(frozen=True, eq=False)
class ColorLimits:
    """Colors that are allowed in groups of pixels, and a price for each pixel and color.

    Attributes:
        allowed: True where a group of pixels may show a color; None if each may show all.
        group_of: The group of each pixel; None if all pixels are in group 0.
        prices: Added to the cost where a pixel shows a color; None for nothing.
    """

    allowed: Bool[Tensor, "s k"] | None = None
    group_of: Int32[Tensor, "h w"] | None = None
    prices: Float[Tensor, "k h w"] | None = None
