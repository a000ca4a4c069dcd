"""Baselines without optimization: nearest color, and Floyd-Steinberg error diffusion."""

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from ditherlab.vision.color import srgb_to_oklab

Pixels = npt.NDArray[np.uint8]

_BAND_PX = 1 << 17


def nearest_indices(pixels: Pixels, colors: Pixels) -> Pixels:
    """Return the palette color nearest in OKLab for every pixel, without dithering.

    Args:
        pixels: Display sRGB, uint8 `[h w 3]`.
        colors: The palette, uint8 `[k 3]`.

    Returns:
        Palette indices, uint8 `[h w]`; the first of equally near colors.

    Example:
        >>> black_and_white = np.array([[0, 0, 0], [255, 255, 255]], dtype=np.uint8)
        >>> pixels = np.array([[[9, 9, 9], [250, 255, 250]]], dtype=np.uint8)
        >>> nearest_indices(pixels, black_and_white)
        array([[0, 1]], dtype=uint8)
    """
    palette = _oklab(colors)
    step = max(1, _BAND_PX // pixels.shape[1])
    bands = [
        _nearest_of_band(pixels[top : top + step], palette) for top in range(0, len(pixels), step)
    ]
    return np.concatenate(bands)


def _nearest_of_band(pixels: Pixels, palette: torch.Tensor) -> Pixels:
    packed = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)
    distinct, places = np.unique(packed, return_inverse=True)
    shifts = np.array([16, 8, 0], dtype=np.uint32)
    unpacked = (distinct[:, None] >> shifts) & 255
    indices = (
        torch.cdist(_oklab(unpacked.astype(np.uint8)), palette)
        .argmin(dim=1)
        .numpy()
        .astype(np.uint8)
    )
    shown: Pixels = indices[places].reshape(pixels.shape[:2])
    return shown


def floyd_steinberg_indices(pixels: Pixels, colors: Pixels) -> Pixels:
    """Diffuse the error of each pixel to its neighbors, in sRGB values, as Pillow does.

    Args:
        pixels: Display sRGB, uint8 `[h w 3]`.
        colors: The palette, uint8 `[k 3]`.

    Returns:
        Palette indices, uint8 `[h w]`.

    Source: Robert W. Floyd and Louis Steinberg, "An Adaptive Algorithm for Spatial Greyscale",
    Proceedings of the SID 1976.
    """
    palette = Image.new("P", (1, 1))
    # Pillow pads a short palette with black; repeating the last color keeps indices in range.
    padding = np.repeat(colors[-1:], 256 - len(colors), axis=0)
    palette.putpalette(np.concatenate([colors, padding]).tobytes())
    dithered = Image.fromarray(pixels).quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
    indices: Pixels = np.minimum(np.array(dithered), len(colors) - 1).astype(np.uint8)
    return indices


def _oklab(colors: npt.NDArray[np.unsignedinteger]) -> torch.Tensor:
    return srgb_to_oklab(torch.from_numpy(colors.astype(np.float32)) / 255, dim=1)
