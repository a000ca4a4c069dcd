"""The package `epaper-dithering`: direct binary search in color after Floyd-Steinberg."""

from functools import partial
from importlib import import_module

import numpy as np
from PIL import Image

from benchmarks.quality.peers.peer import Peer
from benchmarks.quality.task import Pixels, Task

_MODULES = ("epaper_dithering",)


def dither(task: Task, *, is_searched: bool) -> Pixels:
    """Diffuse with the palette of the task, and search if asked."""
    library = import_module("epaper_dithering")
    colors = {f"ink{number}": color for number, color in enumerate(task.colors)}
    dithered = library.dither_image(
        Image.fromarray(task.pixels),
        library.ColorPalette(colors=colors, accent="ink0"),
        mode=library.DitherMode.FLOYD_STEINBERG,
        dbs=is_searched,
    )
    return np.asarray(dithered.convert("RGB"))


PEERS = (
    Peer(
        "epaper-dithering FS + DBS",
        "epaper-dithering",
        _MODULES,
        partial(dither, is_searched=True),
    ),
    Peer("epaper-dithering FS", "epaper-dithering", _MODULES, partial(dither, is_searched=False)),
)
