"""The package `dithering` (Rust): Floyd-Steinberg in linear light or serpentine, and Bayer."""

from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.quality.peers.peer import Peer
from benchmarks.quality.task import ONLY_FIXED, Pixels, Task

_MODULES = ("dithering",)


def dither(task: Task, method: str, **options: Any) -> Pixels:
    """Dither by one of the package's methods with the palette of the task."""
    dithered = import_module("dithering").dither(
        task.pixels, method, palette=list(task.hex_colors), **options
    )
    return np.asarray(dithered)


def _peer(name: str, method: str, **options: Any) -> Peer:
    return Peer(
        f"dithering {name}", "dithering", _MODULES, partial(dither, method=method, **options)
    )


PEERS = (
    _peer("FS linear", "fs", linear=True),
    _peer("FS linear serpentine", "fs", linear=True, serpentine=True),
    _peer("FS serpentine", "fs", serpentine=True),
    Peer(
        "dithering Bayer 8x8",
        "dithering",
        _MODULES,
        partial(dither, method="bayer8x8"),
        ONLY_FIXED,
    ),
)
