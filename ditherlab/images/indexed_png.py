"""Encoding of index images as indexed PNG files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO

import numpy as np
from jaxtyping import Bool, UInt8

from ditherlab.errors import PictureError

MAX_ENTRIES = 256


def encode_indexed_png(
    indices: UInt8[np.ndarray, "h w"],
    colors: Sequence[tuple[int, int, int]],
    opaque: Bool[np.ndarray, "h w"],
    text: Mapping[str, str],
) -> bytes:
    """Encode an index image as a PNG of 1, 2, 4 or 8 bits a pixel, as few as the entries allow.

    The palette of the file is `colors`, in their order. If any pixel is not opaque, one transparent
    entry follows them. The same arguments give the same bytes.

    Args:
        indices: index image, uint8 `[h w]`; its values outside `opaque` are ignored.
        colors: display sRGB, 0 to 255 a channel; at most 256, or 255 with a transparent entry.
        opaque: True at opaque pixels, `[h w]`.
        text: text chunks of the file; a keyword has 1 to 79 characters of Latin-1.

    Returns:
        The contents of the file.

    Raises:
        PictureError: if `indices` or `opaque` has the wrong shape or dtype, an index or a color is
            out of range, there are too many colors, or a keyword is not allowed.

    Example:
        >>> corner = np.array([[0, 1], [1, 1]], dtype=np.uint8)
        >>> shown = np.ones((2, 2), dtype=bool)
        >>> encode_indexed_png(corner, [(0, 0, 0), (255, 241, 232)], shown, {})[1:4]
        b'PNG'
    """
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    _check_pixels(indices, colors, opaque)
    _check_keywords(text)
    see_through = not bool(opaque.all())
    _check_colors(colors, MAX_ENTRIES - see_through)

    entries = [*colors, (0, 0, 0)] if see_through else list(colors)
    image = Image.fromarray(np.where(opaque, indices, np.uint8(len(entries) - 1)))
    image.putpalette([channel for entry in entries for channel in entry])
    notes = PngInfo()
    for keyword, value in text.items():
        notes.add_text(keyword, value.encode(errors="replace").decode())
    transparency = {"transparency": len(colors)} if see_through else {}
    file = BytesIO()
    image.save(file, "PNG", optimize=True, pnginfo=notes, **transparency)
    return file.getvalue()


def _check_pixels(
    indices: np.ndarray,
    colors: Sequence[tuple[int, int, int]],
    opaque: np.ndarray,
) -> None:
    if indices.dtype != np.uint8 or indices.ndim != 2 or indices.size == 0:
        raise PictureError(
            "`indices` must be uint8 of shape [h w] with at least one pixel, "
            f"got {indices.dtype} of shape {list(indices.shape)}."
        )
    if opaque.dtype != np.bool_ or opaque.shape != indices.shape:
        raise PictureError(
            f"`opaque` must be bool of shape {list(indices.shape)}, "
            f"got {opaque.dtype} of shape {list(opaque.shape)}."
        )
    largest = int(indices.max(where=opaque, initial=0))
    if opaque.any() and largest >= len(colors):
        raise PictureError(f"`indices` must be below the {len(colors)} colors, got {largest}.")


def _check_colors(colors: Sequence[tuple[int, int, int]], max_colors: int) -> None:
    if len(colors) > max_colors:
        entry = "" if max_colors == MAX_ENTRIES else " beside the transparent entry"
        raise PictureError(
            f"An indexed PNG holds at most {max_colors} colors{entry}, got {len(colors)}. "
            "Use a smaller palette."
        )
    for color in colors:
        if len(color) != 3 or not all(0 <= channel <= 255 for channel in color):
            raise PictureError(f"A color must be three numbers from 0 to 255, got {color}.")


def _check_keywords(text: Mapping[str, str]) -> None:
    for keyword, value in text.items():
        latin = all(character.isprintable() and ord(character) < 256 for character in keyword)
        if not (latin and 1 <= len(keyword) <= 79):
            raise PictureError(
                f"A keyword of a PNG must be 1 to 79 characters of Latin-1, got {keyword!r}."
            )
        if "\0" in value:
            raise PictureError(f"The text `{keyword}` of a PNG must not hold a NUL character.")
