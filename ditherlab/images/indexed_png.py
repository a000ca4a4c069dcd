"""Encoding of index images as indexed PNG files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO

import numpy as np
from jaxtyping import Bool, UInt8
from PIL.PngImagePlugin import PngInfo

from ditherlab.errors import PictureError
from ditherlab.images.indexed_image import IndexedImage


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
    return to_png(IndexedImage.of(indices, colors, opaque), text)


def to_png(image: IndexedImage, text: Mapping[str, str]) -> bytes:
    """Encode an indexed image as PNG.

    Args:
        image: The image.
        text: Text chunks; a keyword has 1 to 79 characters of Latin-1.

    Raises:
        PictureError: If a keyword or a text is not allowed.
    """
    _check_keywords(text)
    notes = PngInfo()
    for keyword, value in text.items():
        notes.add_text(keyword, value.encode(errors="replace").decode())
    options: dict[str, object] = {}
    if image.alphas:
        # The alpha of later entries is 255 by default.
        last = max(place for place, alpha in enumerate(image.alphas) if alpha < 255)
        options["transparency"] = bytes(image.alphas[: last + 1])
    if image.dpi:
        options["dpi"] = image.dpi
    file = BytesIO()
    image.to_pillow().save(file, "PNG", optimize=True, pnginfo=notes, **options)
    return file.getvalue()


def _check_keywords(text: Mapping[str, str]) -> None:
    for keyword, value in text.items():
        latin = all(character.isprintable() and ord(character) < 256 for character in keyword)
        if not (latin and 1 <= len(keyword) <= 79):
            raise PictureError(
                f"A keyword of a PNG must be 1 to 79 characters of Latin-1, got {keyword!r}."
            )
        if "\0" in value:
            raise PictureError(f"The text `{keyword}` of a PNG must not hold a NUL character.")
