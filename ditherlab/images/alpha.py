"""The alpha of picture files, and what becomes of partly transparent pixels."""

from __future__ import annotations

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from ditherlab.choices import AlphaMode
from ditherlab.images.picture import Picture
from ditherlab.images.png_samples import read_samples

OPAQUE_FROM = 128
_WHITE = (255, 255, 255)
_BLEND_NOTE = (
    "Its partly transparent pixels were put on white. `--background` sets another color, "
    "`--alpha keep` keeps them, and `--alpha cut` makes each pixel opaque or transparent."
)


def read_alpha(image: Image.Image, data: bytes) -> UInt8[np.ndarray, "h w"] | None:
    """Return the alpha of a loaded image, or None if every pixel is opaque by its format.

    Args:
        image: The loaded image, not yet turned upright.
        data: The contents of its file.
    """
    if not image.has_transparency_data:
        return None
    key = image.info.get("transparency")
    if image.format == "PNG" and isinstance(key, int | tuple) and image.mode != "P":
        samples, depth = read_samples(image, data)
        # The unit of the key is the file's, whatever the depth to which Pillow converts.
        wanted = np.array(key, dtype=np.int64) & ((1 << depth) - 1)
        return np.where((samples == wanted).all(axis=2), np.uint8(0), np.uint8(255))
    return np.array(image.convert("RGBA").getchannel("A"))


def with_alpha(
    pixels: UInt8[np.ndarray, "h w 3"],
    alpha: UInt8[np.ndarray, "h w"] | None,
    mode: AlphaMode | None,
    background: tuple[int, int, int] | None,
) -> Picture:
    """Make a picture of colors and their alpha.

    Args:
        pixels: Display sRGB, not multiplied by alpha.
        alpha: None if every pixel is opaque.
        mode: None to cut an alpha of only 0 and 255, and to blend any other, or where a
            background is given.
        background: Display sRGB, 0 to 255 a channel; None for white.
    """
    if alpha is None:
        return Picture(pixels, np.ones(pixels.shape[:2], dtype=bool))
    is_soft = bool(((alpha > 0) & (alpha < 255)).any())
    chosen = mode or ("blend" if is_soft or background is not None else "cut")
    if chosen == "blend":
        is_assumed = mode is None and background is None
        blended = _blend(pixels, alpha, background or _WHITE)
        opaque = np.ones(alpha.shape, dtype=bool)
        return Picture(blended, opaque, notes=(_BLEND_NOTE,) if is_assumed else ())
    if chosen == "keep":
        return Picture(pixels, alpha > 0, alpha=alpha if is_soft else None)
    return Picture(pixels, alpha >= OPAQUE_FROM, notes=_cut_notes(alpha))


def _blend(
    pixels: UInt8[np.ndarray, "h w 3"],
    alpha: UInt8[np.ndarray, "h w"],
    background: tuple[int, int, int],
) -> UInt8[np.ndarray, "h w 3"]:
    """Put pixels on a color. The mean is of display sRGB, as in browsers.

    Source: W3C, "Compositing and Blending Level 1", 2024, section 9.1.4, "Source Over".
    """
    weight = alpha.astype(np.uint32)[..., np.newaxis]
    total = pixels * weight + np.array(background, dtype=np.uint32) * (255 - weight)
    blended: UInt8[np.ndarray, "h w 3"] = ((total + 127) // 255).astype(np.uint8)
    return blended


def _cut_notes(alpha: UInt8[np.ndarray, "h w"]) -> tuple[str, ...]:
    if 0 < alpha.max() < OPAQUE_FROM:
        return (
            "Every pixel is transparent: none has an alpha of at least one half. Use `--alpha "
            "blend` to put the picture on a `--background`, or `--alpha keep`.",
        )
    if ((alpha > 0) & (alpha < 255)).any():
        return ("Its partly transparent pixels count as opaque from an alpha of one half.",)
    return ()
