"""pngquant, from the package `pngquant-cli`: palettes of its own, or a given one by `--map`."""

import subprocess
import sys
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from benchmarks.quality.peers.peer import Peer
from benchmarks.quality.task import ONLY_FIXED, ONLY_LEARNED, Pixels, Task


def choose_and_dither(task: Task) -> Pixels:
    """Let it choose as many colors as the task has, at its slowest speed."""
    return _run(task, ["--speed", "1", str(len(task.colors))])


def dither_with_map(task: Task) -> Pixels:
    """Hand it the palette of the task as a picture."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "palette.png")
        Image.fromarray(np.array([task.colors], dtype=np.uint8)).save(path)
        return _run(task, ["--map", str(path)])


def _run(task: Task, options: list[str]) -> Pixels:
    beside_python = Path(sys.executable).parent / "pngquant"
    program = str(beside_python) if beside_python.exists() else which("pngquant")
    if program is None:
        raise FileNotFoundError("pngquant is not installed")
    with TemporaryDirectory() as folder:
        source, result = Path(folder, "source.png"), Path(folder, "result.png")
        Image.fromarray(task.pixels).save(source, compress_level=1)
        command = [program, *options, "--force", "--output", str(result), str(source)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"pngquant ended with {done.returncode}: {done.stderr.strip()}")
        return np.asarray(Image.open(result).convert("RGB"))


PEERS = (
    Peer("pngquant --speed 1", "pngquant-cli", (), choose_and_dither, ONLY_LEARNED),
    Peer("pngquant --map", "pngquant-cli", (), dither_with_map, ONLY_FIXED),
)
