"""An index image with its color table, ready to be encoded as a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, UInt8, UInt32
from PIL import Image

from ditherlab.errors import PictureError

MAX_ENTRIES = 256
_CLEAR = (0, 0, 0)


@dataclass(frozen=True, eq=False)
class IndexedImage:
    """Places in a color table, and the table.

    Attributes:
        places: uint8 `[h w]`.
        colors: Display sRGB of each entry, 0 to 255 a channel; at most 256.
        alphas: Alpha of each entry, 0 to 255; empty if all are opaque.
        dpi: Pixels per inch, horizontal and vertical; None if unknown.
    """

    places: UInt8[np.ndarray, "h w"]
    colors: Sequence[tuple[int, int, int]]
    alphas: Sequence[int] = ()
    dpi: tuple[float, float] | None = None

    @classmethod
    def of(
        cls,
        places: UInt8[np.ndarray, "h w"],
        colors: Sequence[tuple[int, int, int]],
        opaque: Bool[np.ndarray, "h w"],
        *,
        transparent: int | None = None,
        alpha: UInt8[np.ndarray, "h w"] | None = None,
        dpi: tuple[float, float] | None = None,
    ) -> IndexedImage:
        """Give the pixels that are not opaque an entry, and partly transparent ones more.

        Args:
            places: Places in `colors`, uint8 `[h w]`; their values outside `opaque` are ignored.
            colors: Display sRGB, 0 to 255 a channel.
            opaque: True at pixels with a color, `[h w]`.
            transparent: The entry for all other pixels; None to append one where it is needed.
            alpha: Alpha of the pixels, 0 to 255; None if those with a color are opaque. The colors
                are repeated with as many alphas as there is room for, and each pixel gets the
                nearest; that takes room for at least one more alpha of every color.
            dpi: Pixels per inch, horizontal and vertical.

        Raises:
            PictureError: If `places` or `opaque` has the wrong shape or dtype, a place or a color
                is out of range, or there are too many entries for colors or alphas.
        """
        _check_pixels(places, colors, opaque)
        entries = list(colors)
        if transparent is None and not bool(opaque.all()):
            transparent = len(entries)
            entries.append(_CLEAR)
        _check_colors(entries, len(colors))
        if transparent is not None:
            places = np.where(opaque, places, np.uint8(transparent))
        alphas = [255] * len(entries)
        if alpha is not None:
            places, entries, alphas = _add_alphas(places, entries, opaque, alpha)
        if transparent is not None:
            alphas[transparent] = 0
        return cls(places, entries, alphas if min(alphas) < 255 else (), dpi)

    @property
    def is_opaque(self) -> bool:
        """Return whether every pixel is opaque."""
        return not self.alphas or min(self.alphas[place] for place in np.unique(self.places)) == 255

    def to_pillow(self) -> Image.Image:
        """Return an image of mode P, without alpha."""
        image = Image.fromarray(self.places)
        image.putpalette([channel for entry in self.colors for channel in entry])
        return image

    def to_pillow_with_alpha(self) -> Image.Image:
        """Return an image of mode P with the alpha of its entries, and the resolution."""
        image = self.to_pillow()
        if self.alphas:
            image.info["transparency"] = bytes(self.alphas)
        if self.dpi is not None:
            image.info["dpi"] = self.dpi
        return image

    def to_rgba(self) -> Image.Image:
        """Return an image of mode RGBA, or of mode RGB if every pixel is opaque."""
        table = np.array(self.colors, dtype=np.uint8)
        if self.alphas and not self.is_opaque:
            table = np.column_stack([table, np.array(self.alphas, dtype=np.uint8)])
        return Image.fromarray(table[self.places])


def _add_alphas(
    places: UInt8[np.ndarray, "h w"],
    colors: list[tuple[int, int, int]],
    opaque: Bool[np.ndarray, "h w"],
    alpha: UInt8[np.ndarray, "h w"],
) -> tuple[UInt8[np.ndarray, "h w"], list[tuple[int, int, int]], list[int]]:
    """Append entries of the same colors with other alphas, as many as there is room for."""
    is_soft = opaque & (alpha < 255)
    pairs, which = np.unique(
        places[is_soft].astype(np.uint32) << 8 | alpha[is_soft], return_inverse=True
    )
    room = MAX_ENTRIES - len(colors)
    num_levels = len(np.unique(pairs & 255))
    rounded = pairs
    while len(soft := np.unique(rounded[rounded & 255 < 255])) > room and num_levels:
        # Fewer levels, spread evenly. Of alpha 0, the color does not matter.
        num_levels = min(num_levels - 1, room)
        levels = np.floor(np.linspace(0, 255, num_levels + 2)[:-1] + 0.5).astype(np.uint32)
        nearest = _nearest_level(pairs & 255, levels)
        rounded = np.where(nearest > 0, pairs & ~np.uint32(255) | nearest, np.uint32(0))
    if len(soft) > room:
        raise PictureError(
            f"Partly transparent pixels need entries beside the {len(colors)} of the palette, of "
            f"{MAX_ENTRIES} in all. Use a smaller palette."
        )
    entries = [*colors, *(colors[int(pair) >> 8] for pair in soft)]
    alphas = [255] * len(colors) + [int(pair) & 255 for pair in soft]
    new_places = np.where(
        rounded & 255 < 255, len(colors) + np.searchsorted(soft, rounded), rounded >> 8
    )
    moved = places.copy()
    moved[is_soft] = new_places[which].astype(np.uint8)
    return moved, entries, alphas


def _nearest_level(
    alphas: UInt32[np.ndarray, "m"], levels: UInt32[np.ndarray, "n"]
) -> UInt32[np.ndarray, "m"]:
    """Replace each alpha by the nearest of some levels and 255."""
    known = np.append(levels, 255).astype(np.int64)
    nearest = np.abs(alphas.astype(np.int64)[:, np.newaxis] - known).argmin(axis=1)
    return np.asarray(known[nearest], dtype=np.uint32)


def _check_pixels(
    places: np.ndarray,
    colors: Sequence[tuple[int, int, int]],
    opaque: np.ndarray,
) -> None:
    if places.dtype != np.uint8 or places.ndim != 2 or places.size == 0:
        raise PictureError(
            "`indices` must be uint8 of shape [h w] with at least one pixel, "
            f"got {places.dtype} of shape {list(places.shape)}."
        )
    if opaque.dtype != np.bool_ or opaque.shape != places.shape:
        raise PictureError(
            f"`opaque` must be bool of shape {list(places.shape)}, "
            f"got {opaque.dtype} of shape {list(opaque.shape)}."
        )
    largest = int(places.max(where=opaque, initial=0))
    if opaque.any() and largest >= len(colors):
        raise PictureError(f"`indices` must be below the {len(colors)} colors, got {largest}.")


def _check_colors(entries: Sequence[tuple[int, int, int]], num_colors: int) -> None:
    if len(entries) > MAX_ENTRIES:
        is_beside = len(entries) > num_colors
        beside = " beside the transparent entry" if is_beside else ""
        raise PictureError(
            f"An indexed picture holds at most {MAX_ENTRIES - is_beside} colors{beside}, got "
            f"{num_colors}. Use a smaller palette."
        )
    for color in entries:
        if len(color) != 3 or not all(0 <= channel <= 255 for channel in color):
            raise PictureError(f"A color must be three numbers from 0 to 255, got {color}.")
