"""The package `tramage`: error diffusion in OKLab, shaped along the palette's geometry."""

from importlib import import_module

import numpy as np

from benchmarks.quality.peers.peer import Peer
from benchmarks.quality.task import Pixels, Task


def diffuse(task: Task) -> Pixels:
    """Diffuse with the palette of the task and one shaping matrix, as its manual recommends."""
    library = import_module("tramage")
    colors = np.array(task.colors, dtype=np.uint8)
    palette = library.srgb_to_oklab(colors / 255)
    shaping, _, _ = library.global_shaping_matrix(palette)
    _, indices = library.diffuse(library.srgb_to_oklab(task.pixels / 255), palette, shaping)
    return np.asarray(colors[indices])


PEERS = (Peer("tramage", "tramage", ("tramage",), diffuse),)
