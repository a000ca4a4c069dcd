"""Several pictures side by side in one, so that they can share a palette."""

import math
from collections.abc import Sequence

import numpy as np

from ditherlab.errors import PictureError
from ditherlab.images.picture import Picture

# The area that the copies of a picture and their gaps may fill, in shares.
_MOST_ROOM = 4


def lay_out(pictures: Sequence[Picture], *, num_px: int, gap_px: int) -> Picture:
    """Put pictures side by side, each with about the same number of opaque pixels.

    A picture with more pixels than its share is shrunk to it. A picture with fewer is repeated as
    many times as comes nearest to the share.

    Args:
        pictures: The pictures; those without an opaque pixel are left out.
        num_px: The number of opaque pixels of all pictures together.
        gap_px: The smallest gap between pictures, which is transparent.

    Raises:
        PictureError: If no picture has an opaque pixel.

    Example:
        >>> dot = Picture(np.full((2, 2, 3), 9, np.uint8), opaque=np.ones((2, 2), dtype=bool))
        >>> both = lay_out([dot, dot], num_px=8, gap_px=3)
        >>> both.height, both.width, int(both.opaque.sum())
        (2, 7, 8)
    """
    seen = [picture for picture in pictures if picture.opaque.any()]
    if not seen:
        raise PictureError("Pictures must have opaque pixels to share a palette, got none.")
    share = max(1, num_px // len(seen))
    parts: list[Picture] = []
    for picture in seen:
        part = picture.reduce(share)
        wanted = round(share / max(1, int(part.opaque.sum())))
        # With their gaps, the copies of a tiny picture would fill far more than its share.
        room = _MOST_ROOM * share / ((part.width + gap_px) * (part.height + gap_px))
        parts += [part] * max(1, min(wanted, int(room)))
    parts.sort(key=lambda part: -part.height)
    area = sum((part.width + gap_px) * (part.height + gap_px) for part in parts)
    widest = max(*(part.width for part in parts), math.ceil(math.sqrt(area)))
    places, height, width = _in_rows(parts, widest, gap_px)
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    opaque = np.zeros((height, width), dtype=bool)
    for part, (top, left) in zip(parts, places, strict=True):
        window = (slice(top, top + part.height), slice(left, left + part.width))
        pixels[window], opaque[window] = part.pixels, part.opaque
    return Picture(pixels, opaque)


def _in_rows(
    parts: Sequence[Picture], widest: int, gap_px: int
) -> tuple[list[tuple[int, int]], int, int]:
    """Return the upper left corners of all parts, and the total height and width."""
    places, top, left, bottom, right = [], 0, 0, 0, 0
    for part in parts:
        if left and left + part.width > widest:
            top, left = bottom + gap_px, 0
        places.append((top, left))
        bottom, right = max(bottom, top + part.height), max(right, left + part.width)
        left += part.width + gap_px
    return places, bottom, right
