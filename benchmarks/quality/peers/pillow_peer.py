"""Pillow: its palettes, or a given one, and Floyd-Steinberg."""

import numpy as np
from PIL import Image

from benchmarks.quality.peers.peer import Peer
from benchmarks.quality.task import BOTH, ONLY_LEARNED, Pixels, Task


def diffuse(task: Task) -> Pixels:
    """Diffuse with the palette of the task."""
    palette = Image.new("P", (1, 1))
    palette.putpalette(np.array(task.colors, dtype=np.uint8).tobytes())
    return _diffuse(task, palette)


def cut_and_diffuse(task: Task) -> Pixels:
    """Find the palette by median cut."""
    return _diffuse(task, _quantize(task, Image.Quantize.MEDIANCUT))


def cover_and_diffuse(task: Task) -> Pixels:
    """Find the palette by maximum coverage."""
    return _diffuse(task, _quantize(task, Image.Quantize.MAXCOVERAGE))


def refine_and_diffuse(task: Task) -> Pixels:
    """Find the palette by median cut and Pillow's k-means."""
    return _diffuse(task, _quantize(task, Image.Quantize.MEDIANCUT, kmeans=1))


def _quantize(task: Task, method: Image.Quantize, kmeans: int = 0) -> Image.Image:
    picture = Image.fromarray(task.pixels)
    return picture.quantize(len(task.colors), method=method, kmeans=kmeans)


def _diffuse(task: Task, palette: Image.Image) -> Pixels:
    # Without `palette=`, `quantize` ignores `dither`.
    dithered = Image.fromarray(task.pixels).quantize(
        palette=palette, dither=Image.Dither.FLOYDSTEINBERG
    )
    return np.asarray(dithered.convert("RGB"))


_MODULES = ("PIL.Image",)
PEERS = (
    Peer("Pillow FS", "pillow", _MODULES, diffuse, BOTH),
    Peer("Pillow median cut + FS", "pillow", _MODULES, cut_and_diffuse, ONLY_LEARNED),
    Peer("Pillow max coverage + FS", "pillow", _MODULES, cover_and_diffuse, ONLY_LEARNED),
    Peer("Pillow median cut, k-means + FS", "pillow", _MODULES, refine_and_diffuse, ONLY_LEARNED),
)
