"""Extraction of palettes from pictures by classical methods, which do not consider dithering."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from jaxtyping import UInt8

from ditherlab.errors import PaletteRequestError
from ditherlab.palette.colors import Color
from ditherlab.palette.palette import MAX_NUM_COLORS, MIN_NUM_COLORS, Palette
from ditherlab.palette.wu import wu_colors

Extraction = Callable[[UInt8[np.ndarray, "n 3"], int, int], list[Color]]


def _pillow(method: str) -> Extraction:
    def extract(pixels: np.ndarray, num_colors: int, _seed: int) -> list[Color]:
        from PIL import Image

        image = Image.fromarray(np.ascontiguousarray(pixels[np.newaxis]))
        indexed = image.quantize(num_colors, method=Image.Quantize[method])
        levels = indexed.getpalette() or []
        used = np.unique(np.asarray(indexed)).tolist()
        return [(levels[3 * i], levels[3 * i + 1], levels[3 * i + 2]) for i in used]

    return extract


def _k_means(pixels: np.ndarray, num_colors: int, seed: int) -> list[Color]:
    import torch

    from ditherlab.palette.clustering import cluster_colors
    from ditherlab.randomness import seeded_generator

    srgb = torch.from_numpy(pixels.astype(np.float32)) / 255
    found = cluster_colors(srgb, num_colors, seeded_generator(seed, torch.device("cpu")))
    levels = (found * 255).round().clamp(0, 255).int().tolist()
    return [(red, green, blue) for red, green, blue in levels]


# The octree is Pillow's "fast octree".
EXTRACTIONS: Mapping[str, Extraction] = MappingProxyType(
    {
        "median-cut": _pillow("MEDIANCUT"),
        "max-coverage": _pillow("MAXCOVERAGE"),
        "octree": _pillow("FASTOCTREE"),
        "k-means": _k_means,
        "wu": lambda pixels, num_colors, _seed: wu_colors(pixels, num_colors),
    }
)


def check_num_colors(num_colors: int) -> None:
    """Check a number of colors.

    Raises:
        PaletteRequestError: If it is not from 2 to 256.
    """
    if not MIN_NUM_COLORS <= num_colors <= MAX_NUM_COLORS:
        raise PaletteRequestError(
            f"`--colors` must be {MIN_NUM_COLORS} to {MAX_NUM_COLORS}, got {num_colors}."
        )


def few_colors(
    pixels: UInt8[np.ndarray, "n 3"], num_colors: int, *, name: str = ""
) -> Palette | None:
    """Return all colors in order of appearance, if there are at most `num_colors`.

    Args:
        pixels: 8-bit display sRGB.
        num_colors: The largest number of different colors.
        name: The name of the palette.

    Returns:
        A palette of all colors; None if there are more.

    Raises:
        PaletteRequestError: If all pixels have the same color, or there are no pixels.

    Example:
        >>> few_colors(np.array([[9, 9, 9], [0, 0, 0], [9, 9, 9]], dtype=np.uint8), 2).hex
        ['#090909', '#000000']
    """
    packed = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)
    values, firsts = np.unique(packed, return_index=True)
    if len(values) > num_colors:
        return None
    ordered = (int(value) for value in values[np.argsort(firsts)])
    colors = tuple((value >> 16, value >> 8 & 255, value & 255) for value in ordered)
    return Palette(colors, name=name, source="all colors of the picture")


def extract_palette(
    pixels: UInt8[np.ndarray, "n 3"], num_colors: int, method: str, *, seed: int = 0, name: str = ""
) -> Palette:
    """Extract a palette from the colors of a picture.

    If the picture has at most `num_colors` colors, the palette consists of exactly these.

    Args:
        pixels: 8-bit display sRGB, without transparent pixels.
        num_colors: The size of the palette, 2 to 256; some methods find fewer.
        method: One of `EXTRACTIONS`.
        seed: Seed of `k-means`, whose first colors are random.
        name: The name of the palette.

    Raises:
        PaletteRequestError: If `num_colors` is out of range, or all pixels have the same color.

    Example:
        >>> ramp = np.arange(256, dtype=np.uint8).repeat(3).reshape(-1, 3)
        >>> extract_palette(ramp, 4, "wu").hex
        ['#202020', '#606060', '#a0a0a0', '#e0e0e0']
    """
    check_num_colors(num_colors)
    if (few := few_colors(pixels, num_colors, name=name)) is not None:
        return few
    colors = EXTRACTIONS[method](pixels, num_colors, seed)
    return Palette(tuple(colors), name=name, source=f"{method}, {num_colors} colors")
