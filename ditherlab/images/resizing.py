"""Resizing of pictures in linear light, by scikit-image."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from ditherlab.errors import PictureError
from ditherlab.vision.transfer_functions import decode_srgb

if TYPE_CHECKING:
    from ditherlab.images.picture import Picture

_LIGHT = decode_srgb(np.arange(256, dtype=np.float64) / 255)
_MIDDLES = decode_srgb((np.arange(255, dtype=np.float64) + 0.5) / 255)

# Less coverage than that of an alpha of one half level shows no color.
_LEAST_COVERAGE = 0.5 / 255

Plane = Float[np.ndarray, "h w"]


def resize_picture(picture: Picture, *, width: int | None, height: int | None) -> Picture:
    """Return a copy of another size, as `Picture.resize` describes it.

    Raises:
        PictureError: If no size is given, or one that is below 1.
    """
    shape = _resized_shape(picture, width, height)
    alpha = picture.alpha
    coverage = picture.opaque.astype(np.float64) if alpha is None else alpha / 255
    resized = _resize_plane(coverage, shape)
    pixels = np.empty((*shape, 3), dtype=np.uint8)
    for channel in range(3):
        light = _resize_plane(_LIGHT[picture.pixels[..., channel]] * coverage, shape)
        light /= np.maximum(resized, _LEAST_COVERAGE)
        pixels[..., channel] = np.searchsorted(_MIDDLES, light)
    levels = None if alpha is None else (resized * 255).round().astype(np.uint8)
    opaque = resized >= 0.5 if levels is None else levels > 0
    return replace(picture, pixels=pixels, opaque=opaque, alpha=levels)


def _resized_shape(picture: Picture, width: int | None, height: int | None) -> tuple[int, int]:
    for name, size in (("width", width), ("height", height)):
        is_whole = hasattr(size, "__index__") and not isinstance(size, bool)
        if size is not None and (not is_whole or size < 1):
            raise PictureError(
                f"`Picture.resize({name}=...)` must be a whole number of at least 1, got {size!r}. "
                "Leave it out to keep the aspect ratio."
            )
    if width is not None and height is not None:
        return height, width
    if width is not None:
        return max(1, round(picture.height * width / picture.width)), width
    if height is not None:
        return height, max(1, round(picture.width * height / picture.height))
    raise PictureError("`Picture.resize` must have a width or a height, got none. Give one.")


def _resize_plane(plane: Plane, shape: tuple[int, int]) -> Plane:
    """Average over areas along axes that shrink, and interpolate linearly along others."""
    from skimage.transform import resize, resize_local_mean

    smaller = (min(plane.shape[0], shape[0]), min(plane.shape[1], shape[1]))
    averaged: Plane = resize_local_mean(plane, smaller) if smaller != plane.shape else plane
    if smaller == shape:
        return averaged
    # Cubic curves overshoot: in linear light, an edge would get a bright line on its dark side.
    enlarged: Plane = resize(averaged, shape, order=1, mode="symmetric", anti_aliasing=False)
    return enlarged
