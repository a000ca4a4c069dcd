"""A description of a palette: coordinates, distances and contrasts of its colors."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

from ditherlab.palette.appearance import (
    Pair,
    colors_to_oklab,
    contrast_ratios,
    nearest_neighbors,
    nearest_pairs,
    oklab_distances,
    oklab_to_oklch,
)
from ditherlab.palette.colors import spell_colors
from ditherlab.palette.palette import Palette

_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
_NUM_PAIRS = 5
_NUM_DIGITS = 4


@dataclass(frozen=True, eq=False)
class Portrait:
    """Measurements of the colors of a palette, as they are seen.

    Example:
        >>> portrait = Portrait(Palette.from_hex(["#000", "#fff"]))
        >>> portrait.contrast_to_white.tolist(), portrait.nearest_pairs[0].distance
        ([21.0, 1.0], 1.0)
    """

    palette: Palette

    @cached_property
    def oklch(self) -> Float[np.ndarray, "k 3"]:
        """Lightness, chroma and hue of every color."""
        return oklab_to_oklch(colors_to_oklab(self.palette.seen))

    @cached_property
    def distances(self) -> Float[np.ndarray, "k k"]:
        """Distances in OKLab between all pairs of colors."""
        return oklab_distances(self.palette.seen).round(_NUM_DIGITS)

    @property
    def neighbors(self) -> tuple[Pair, ...]:
        """The nearest other color of each color."""
        return nearest_neighbors(self.distances)

    @property
    def nearest_pairs(self) -> tuple[Pair, ...]:
        """The few pairs that are hardest to tell apart."""
        return nearest_pairs(self.distances, _NUM_PAIRS)

    @property
    def contrast_to_black(self) -> Float[np.ndarray, "k"]:
        """WCAG's contrast ratio of every color on black."""
        return contrast_ratios(self.palette.seen, _BLACK)

    @property
    def contrast_to_white(self) -> Float[np.ndarray, "k"]:
        """WCAG's contrast ratio of every color on white."""
        return contrast_ratios(self.palette.seen, _WHITE)

    def document(self) -> dict[str, Any]:
        """Return all measurements as JSON types."""
        palette = self.palette
        shown = spell_colors(palette.seen)
        rows = zip(
            self.oklch.round(_NUM_DIGITS).tolist(),
            self.neighbors,
            self.contrast_to_black.round(2).tolist(),
            self.contrast_to_white.round(2).tolist(),
            strict=True,
        )
        return {
            "name": palette.name,
            "source": palette.source,
            "colors": [
                {
                    "index": index,
                    "place": palette.places[index],
                    **({} if palette.codes is None else {"code": palette.codes[index]}),
                    "hex": palette.hex[index],
                    **({} if palette.shown is None else {"shown": shown[index]}),
                    "name": palette.entry_names[index],
                    "oklch": oklch,
                    "nearest": {"index": neighbor.second, "distance": neighbor.distance},
                    "contrast": {"black": to_black, "white": to_white},
                }
                for index, (oklch, neighbor, to_black, to_white) in enumerate(rows)
            ],
            "nearest_pairs": [
                {"indices": [pair.first, pair.second], "distance": pair.distance}
                for pair in self.nearest_pairs
            ],
            "distances": self.distances.tolist(),
        }
