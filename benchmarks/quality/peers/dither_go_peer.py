"""The package `dither-go`, the library behind didder: serpentine Floyd-Steinberg, linear light."""

from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from benchmarks.quality.peers.peer import Peer
from benchmarks.quality.task import Pixels, Task


def diffuse(task: Task) -> Pixels:
    """Diffuse with the palette of the task, as the package's manual recommends."""
    library = import_module("dither_go")
    ditherer = library.new_ditherer(library.create_palette([list(color) for color in task.colors]))
    ditherer.Matrix = library.ErrorDiffusers.FloydSteinberg
    ditherer.Serpentine = True
    with TemporaryDirectory() as folder:
        source, result = Path(folder, "source.png"), Path(folder, "result.png")
        Image.fromarray(task.pixels).save(source, compress_level=1)
        library.save_image(ditherer.Dither(library.open_image(str(source))), str(result), "png")
        return np.asarray(Image.open(result).convert("RGB"))


PEERS = (Peer("dither-go FS serpentine", "dither-go", ("dither_go",), diffuse),)
