"""Conversion of gray images with more than 8 bits a pixel to 8 bits."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Num, UInt8
from PIL import Image

_BITS_PER_SAMPLE, _PHOTOMETRIC, _SAMPLE_FORMAT = 258, 262, 339
_WHITE_IS_ZERO, _SIGNED = 0, 2


def is_deep(image: Image.Image) -> bool:
    """Return True for a gray image with 16 or 32 bits a pixel, or with floats."""
    return image.mode in ("I", "F") or image.mode.startswith("I;")


def deep_to_gray(image: Image.Image) -> tuple[Image.Image, str]:
    """Round a deep gray image to 8 bits; black is 0, and white the largest value of its depth.

    Floats are expected in [0, 1]; values outside are clipped.

    Args:
        image: an image for which `is_deep` is True.

    Returns:
        An image of mode L; and a sentence if something was clipped, else an empty string.
    """
    values = np.asarray(image)
    tags = getattr(image, "tag_v2", {})
    fraction = values if image.mode == "F" else _fraction(values, tags)
    finite = np.nan_to_num(fraction, nan=0.0, posinf=1.0, neginf=0.0)
    note = ""
    if not np.isfinite(fraction).all() or finite.min() < 0 or finite.max() > 1:
        note = "Some of its gray values were below black or above white, and were clipped."
    if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        finite = 1 - finite
    return Image.fromarray(_gray_levels(finite)), note


def _fraction(
    values: Num[np.ndarray, "h w"],
    tags: Mapping[int, object],
) -> Float[np.ndarray, "h w"]:
    bits = tags.get(_BITS_PER_SAMPLE, 16)
    depth = bits[0] if isinstance(bits, tuple) and bits else bits
    num_bits = depth if isinstance(depth, int) and 8 < depth <= 32 else 16
    sample_format = tags.get(_SAMPLE_FORMAT)
    if sample_format in (_SIGNED, (_SIGNED,)):
        return values.astype(np.float32) / np.float32((1 << (num_bits - 1)) - 1)
    if num_bits == 32:
        values = values.view(np.uint32)
    return values.astype(np.float32) / np.float32((1 << num_bits) - 1)


def _gray_levels(fraction: Float[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w"]:
    levels = np.floor(np.clip(fraction, 0, 1) * 255 + 0.5)
    return np.asarray(levels, dtype=np.uint8)
