"""Joining several palettes into one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ditherlab.errors import RequestError
from ditherlab.palette.appearance import colors_to_oklab
from ditherlab.palette.palette import Palette


@dataclass(frozen=True)
class Joined:
    """A union of palettes.

    Attributes:
        palette: The joined palette.
        num_equal: Number of repeated colors that were left out.
        num_near: Number of colors that were left out because another color is near.
    """

    palette: Palette
    num_equal: int
    num_near: int


def join_palettes(palettes: Sequence[Palette], threshold: float) -> Joined:
    """Join palettes, leaving out every color, as written, that is near an earlier one.

    Colors that are near another color of the same palette are left out, too.

    Args:
        palettes: The palettes; colors of earlier ones take precedence.
        threshold: The distance in OKLab below which two colors are near; 0 keeps all different
            colors.

    Raises:
        RequestError: If the threshold is negative or NaN.
        PaletteRequestError: If fewer than 2 or more than 256 colors are left.

    Example:
        >>> ours, theirs = Palette.from_hex(["#000", "#fff"]), Palette.from_hex(["#010101", "#f00"])
        >>> joined = join_palettes([ours, theirs], threshold=0.1)
        >>> joined.palette.hex, joined.num_near
        (['#000000', '#ffffff', '#ff0000'], 1)
    """
    if not threshold >= 0:
        raise RequestError(f"`--threshold` must be at least 0, got {threshold}. Try 0.02.")
    all_colors = [color for palette in palettes for color in palette.colors]
    all_names = [name for palette in palettes for name in palette.entry_names]
    points = colors_to_oklab(all_colors)
    kept: list[int] = []
    num_equal = num_near = 0
    for index, color in enumerate(all_colors):
        if color in (all_colors[other] for other in kept):
            num_equal += 1
        elif kept and np.linalg.norm(points[kept] - points[index], axis=1).min() < threshold:
            num_near += 1
        else:
            kept.append(index)
    joined = Palette(
        tuple(all_colors[index] for index in kept),
        name=" and ".join(palette.name for palette in palettes if palette.name),
        names=tuple(all_names[index] for index in kept),
    )
    return Joined(joined, num_equal, num_near)
