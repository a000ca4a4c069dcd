"""Conversion of pictures to sRGB by everything that their files state about their colors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import UInt8, UInt16
from PIL import Image

from ditherlab.vision.color_profile import image_to_srgb
from ditherlab.vision.color_tags import read_color_tags


def to_stated_srgb(
    colors: Image.Image,
    opened: Image.Image,
    data: bytes,
    read_16_bits: Callable[[], UInt16[np.ndarray, "h w c"] | None] = lambda: None,
) -> tuple[UInt8[np.ndarray, "h w 3"], tuple[str, ...]]:
    """Convert pixels to display sRGB by the color profile and the tags of their file.

    Args:
        colors: The pixels, of mode L, RGB, CMYK or LAB.
        opened: The file as Pillow opened it.
        data: The contents of the file.
        read_16_bits: Returns the same pixels with 16 bits a channel, which linear light and HDR
            need; None if the file has fewer. It is called only where they count.

    Returns:
        The pixels; and a sentence about each statement that was ignored, and about HDR.
    """
    tags = read_color_tags(opened, data)
    profile = None if tags.over_profile else opened.info.get("icc_profile")
    converted, problem = image_to_srgb(colors, profile)
    encoding = tags.over_profile
    if encoding is None and (profile is None or problem):
        encoding = tags.under_profile
    pixels = np.array(converted)
    hdr = ""
    if encoding is not None and not encoding.is_srgb:
        deep = read_16_bits()
        pixels = encoding.to_srgb(pixels if deep is None else deep)
        if pixels.shape[2] == 1:
            pixels = pixels.repeat(3, axis=2)
        if encoding.transfer.is_hdr:
            hdr = (
                f"It is an HDR picture ({encoding.transfer.name}): its highlights were compressed "
                "to the range of a screen."
            )
    return pixels, tuple(filter(None, (tags.note, problem, hdr)))
