"""File size of a drawn picture as an indexed PNG."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, UInt8

from ditherlab.images.indexed_png import encode_indexed_png


def drawn_png_bytes(
    picture: UInt8[np.ndarray, "h w 3"],
    _target: UInt8[np.ndarray, "h w 3"],
    opaque: Bool[np.ndarray, "h w"],
) -> int:
    """Return the size of an indexed PNG of the picture, whose palette has only the used colors.

    Args:
        picture: Display sRGB; at most 256 colors, or 255 beside transparent pixels.
        _target: Ignored.
        opaque: False where the picture is transparent.

    Raises:
        PictureError: If the picture shows too many colors.

    Example:
        >>> flat = np.zeros((8, 8, 3), dtype=np.uint8)
        >>> noisy = np.random.default_rng(0).choice([0, 255], (8, 8, 1)).repeat(3, 2)
        >>> shown = np.ones((8, 8), dtype=bool)
        >>> size = drawn_png_bytes(noisy.astype(np.uint8), flat, shown)
        >>> drawn_png_bytes(flat, flat, shown) < size
        True
    """
    packed = picture.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)
    shown, places = np.unique(packed[opaque], return_inverse=True)
    colors = [(int(color) >> 16, int(color) >> 8 & 255, int(color) & 255) for color in shown]
    indices = np.zeros(opaque.shape, dtype=np.uint8)
    if len(colors) <= np.iinfo(np.uint8).max + 1:
        indices[opaque] = places
    return len(encode_indexed_png(indices, colors, opaque, {}))
