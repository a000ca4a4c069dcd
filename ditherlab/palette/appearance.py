"""OKLab coordinates, distances and contrast ratios of the colors of a palette."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ditherlab.palette.colors import Color
from ditherlab.vision.colorimetry import (
    LINEAR_TO_LMS,
    LMS_TO_OKLAB,
    LUMINANCE_WEIGHTS,
)
from ditherlab.vision.transfer_functions import decode_srgb

# Added to both luminances of a contrast ratio, for the glare of a screen.
_GLARE = 0.05


def colors_to_linear(colors: Sequence[Color]) -> Float[np.ndarray, "k 3"]:
    """Decode 8-bit display sRGB to linear light in [0, 1]."""
    return decode_srgb(np.array(colors, dtype=np.float64).reshape(-1, 3) / 255)


def colors_to_oklab(colors: Sequence[Color]) -> Float[np.ndarray, "k 3"]:
    """Convert 8-bit display sRGB to OKLab.

    Source: Björn Ottosson, "A perceptual color space for image processing", 2020.

    Example:
        >>> colors_to_oklab([(255, 255, 255)]).round(3).tolist()
        [[1.0, 0.0, 0.0]]
    """
    roots = np.cbrt(colors_to_linear(colors) @ np.array(LINEAR_TO_LMS).T)
    # Adding zero turns -0.0 into 0.0.
    oklab: Float[np.ndarray, "k 3"] = roots @ np.array(LMS_TO_OKLAB).T + 0.0
    return oklab


def oklab_to_oklch(oklab: Float[np.ndarray, "k 3"]) -> Float[np.ndarray, "k 3"]:
    """Convert OKLab to lightness, chroma, and hue in degrees from 0 to 360; grays have hue 0.

    Example:
        >>> oklab_to_oklch(np.array([[0.5, 0.0, -0.1]])).tolist()
        [[0.5, 0.1, 270.0]]
    """
    lightness, a, b = oklab.T
    chroma = np.hypot(a, b)
    hue = np.where(chroma < 1e-4, 0.0, np.degrees(np.arctan2(b, a)) % 360)
    return np.stack([lightness, chroma, hue], axis=1)


def oklab_distances(colors: Sequence[Color]) -> Float[np.ndarray, "k k"]:
    """Return the distances in OKLab between all pairs of colors.

    Example:
        >>> oklab_distances([(0, 0, 0), (255, 255, 255)]).round(3).tolist()
        [[0.0, 1.0], [1.0, 0.0]]
    """
    points = colors_to_oklab(colors)
    apart: Float[np.ndarray, "k k"] = np.linalg.norm(points[:, None] - points, axis=2)
    return apart


def contrast_ratios(colors: Sequence[Color], against: Color) -> Float[np.ndarray, "k"]:
    """Return the contrast ratio of every color against one color, from 1 to 21.

    Source: W3C, "Web Content Accessibility Guidelines 2.1", 2018, "contrast ratio".

    Example:
        >>> contrast_ratios([(0, 0, 0), (255, 255, 255)], (255, 255, 255)).tolist()
        [21.0, 1.0]
    """
    light = colors_to_linear([*colors, against]) @ np.array(LUMINANCE_WEIGHTS) + _GLARE
    ratios: Float[np.ndarray, "k"] = np.maximum(light[:-1], light[-1]) / np.minimum(
        light[:-1], light[-1]
    )
    return ratios.round(6)


@dataclass(frozen=True)
class Pair:
    """Two entries of a palette and their distance in OKLab."""

    first: int
    second: int
    distance: float


def nearest_pairs(distances: Float[np.ndarray, "k k"], num_pairs: int) -> tuple[Pair, ...]:
    """Return the pairs of entries with the smallest distances, nearest first.

    Example:
        >>> apart = np.array([[0.0, 3.0, 1.0], [3.0, 0.0, 2.0], [1.0, 2.0, 0.0]])
        >>> nearest_pairs(apart, 2)
        (Pair(first=0, second=2, distance=1.0), Pair(first=1, second=2, distance=2.0))
    """
    firsts, seconds = np.triu_indices(len(distances), k=1)
    apart = distances[firsts, seconds]
    order = np.argsort(apart, kind="stable")[:num_pairs]
    return _pairs(zip(firsts[order], seconds[order], apart[order], strict=True))


def nearest_neighbors(distances: Float[np.ndarray, "k k"]) -> tuple[Pair, ...]:
    """Return, for each color, its nearest other color."""
    masked = distances + np.diag(np.full(len(distances), np.inf))
    return _pairs(zip(range(len(masked)), masked.argmin(axis=1), masked.min(axis=1), strict=True))


def _pairs(found: Iterable[tuple[int, int, float]]) -> tuple[Pair, ...]:
    return tuple(
        Pair(int(first), int(second), float(distance)) for first, second, distance in found
    )
