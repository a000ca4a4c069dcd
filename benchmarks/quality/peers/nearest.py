"""No dithering: the nearest color of every pixel, below which no dithering should fall."""

import numpy as np

from benchmarks.quality.peers.peer import Peer
from benchmarks.quality.task import Pixels, Task


def pick_nearest(task: Task) -> Pixels:
    """Give every pixel the color of least squared distance in sRGB."""
    colors = np.array(task.colors, dtype=np.int32)
    rows = [
        np.square(row[:, None].astype(np.int32) - colors).sum(axis=-1).argmin(axis=1)
        for row in task.pixels
    ]
    return np.asarray(colors.astype(np.uint8)[np.stack(rows)])


PEERS = (Peer("none: nearest", "numpy", ("numpy",), pick_nearest),)
