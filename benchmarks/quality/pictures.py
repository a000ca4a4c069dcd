"""The development pictures and the palettes: they come with packages, so anybody can repeat it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module

import numpy as np
from PIL import Image

from benchmarks.quality.task import Color, Pixels

WIDTH_PX = 512
_KMEANS_SEED = 0


@dataclass(frozen=True)
class Source:
    """Where a picture is found, and how much of its middle is taken.

    Attributes:
        package: `skimage` or `sklearn`.
        height_px: Of the middle that is taken; None takes the whole picture.
    """

    package: str
    height_px: int | None = None


PICTURES: Mapping[str, Source] = {
    "astronaut": Source("skimage"),
    "coffee": Source("skimage", 400),
    "chelsea": Source("skimage"),
    "china": Source("sklearn", 427),
    "flower": Source("sklearn", 427),
}

LEARNED: Mapping[str, int] = {"k8": 8, "k16": 16}

FIXED: Mapping[str, str] = {
    "bw": "000000 ffffff",
    "gameboy": "0f380f 306230 8bac0f 9bbc0f",
    "acep7": "000000 ffffff 00ff00 0000ff ff0000 ffff00 ff8000",
    "ega16": "000000 0000aa 00aa00 00aaaa aa0000 aa00aa aa5500 aaaaaa "
    "555555 5555ff 55ff55 55ffff ff5555 ff55ff ffff55 ffffff",
}

PALETTES: tuple[str, ...] = (*LEARNED, *FIXED)


@cache
def read_source(name: str) -> Pixels:
    """Return a development picture as its package has it, cropped to its middle."""
    source = PICTURES[name]
    if source.package == "skimage":
        pixels = getattr(import_module("skimage.data"), name)()
    else:
        pixels = import_module("sklearn.datasets").load_sample_image(f"{name}.jpg")
    return np.ascontiguousarray(_middle(np.asarray(pixels, dtype=np.uint8), source.height_px))


def _middle(pixels: Pixels, height_px: int | None) -> Pixels:
    if height_px is None:
        return pixels
    top = (pixels.shape[0] - height_px) // 2
    left = (pixels.shape[1] - WIDTH_PX) // 2
    return pixels[top : top + height_px, left : left + WIDTH_PX]


def read_target(name: str, palette: str) -> Pixels:
    """Return what is dithered and compared with: for black and white, the picture's luma."""
    return as_target(read_source(name), palette)


def as_target(pixels: Pixels, palette: str) -> Pixels:
    """Return what shall be dithered of a picture: for black and white, its luma."""
    if palette != "bw":
        return pixels
    return np.asarray(Image.fromarray(pixels).convert("L").convert("RGB"))


def colors_of(name: str, palette: str) -> tuple[Color, ...]:
    """Return a fixed palette, or the k-means palette of the picture that peers share."""
    if palette in LEARNED:
        return _kmeans_palette(name, LEARNED[palette])
    return tuple(parse_color(digits) for digits in FIXED[palette].split())


def parse_color(digits: str) -> Color:
    """Turn six hexadecimal digits into a color."""
    red, green, blue = bytes.fromhex(digits)
    return red, green, blue


@cache
def _kmeans_palette(name: str, num_colors: int) -> tuple[Color, ...]:
    clusters = import_module("sklearn.cluster").KMeans(
        num_colors, n_init=1, random_state=_KMEANS_SEED
    )
    clusters.fit(read_source(name).reshape(-1, 3).astype(np.float32))
    centers = np.clip(np.rint(clusters.cluster_centers_), 0, 255).astype(int)
    return tuple((int(red), int(green), int(blue)) for red, green, blue in centers)
