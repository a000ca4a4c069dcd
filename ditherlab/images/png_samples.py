"""The samples of a PNG as its file has them, with all their bits; Pillow keeps 8 of color."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from jaxtyping import Num, UInt8, UInt16
from PIL import Image

_DEPTH_BYTE, _COLOR_TYPE_BYTE = 24, 25
_GRAY, _RGB, _RGBA = 0, 2, 6
_RAW_MODES = {_RGB: "RGB;16L", _RGBA: "RGBA;16L"}


def read_samples(image: Image.Image, data: bytes) -> tuple[Num[np.ndarray, "h w c"], int]:
    """Return the gray or RGB samples of a PNG and their depth in bits.

    Args:
        image: The loaded PNG, gray or RGB without an alpha channel.
        data: The contents of its file.
    """
    depth = data[_DEPTH_BYTE]
    if depth == 16:
        samples = read_16_bits(image, data)
        if samples is not None:
            return samples, depth
    if data[_COLOR_TYPE_BYTE] == _RGB:
        return np.asarray(image.convert("RGB")), depth
    # Pillow spreads gray samples of fewer bits over 0 to 255.
    levels = np.asarray(image.convert("L"), dtype=np.uint16)[..., np.newaxis]
    return levels * ((1 << depth) - 1) // 255, depth


def read_16_bits(image: Image.Image, data: bytes) -> UInt16[np.ndarray, "h w c"] | None:
    """Return the gray or RGB samples of a PNG with 16 bits a channel; None for other files."""
    if image.format != "PNG" or data[_DEPTH_BYTE] != 16:
        return None
    color_type = data[_COLOR_TYPE_BYTE]
    if color_type == _GRAY:
        return np.asarray(image).astype(np.uint16)[..., np.newaxis]
    if color_type not in _RAW_MODES:
        return None
    upper = np.asarray(image)[..., :3].astype(np.uint16)
    return np.asarray(upper << 8 | _lower_bytes(data, _RAW_MODES[color_type]))


def _lower_bytes(data: bytes, raw_mode: str) -> UInt8[np.ndarray, "h w 3"]:
    with Image.open(BytesIO(data), formats=["PNG"]) as image:
        # The second byte of two is the upper one, if samples are read as little-endian.
        image.tile = [tile._replace(args=raw_mode) for tile in image.tile]
        image.load()
        return np.asarray(image)[..., :3]
