"""ditherlab by its command line, as a user would run it."""

import subprocess
import sys
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from benchmarks.quality.child import ROOT, children_s, run_to_end
from benchmarks.quality.pictures import read_source
from benchmarks.quality.task import BOTH, ONLY_LEARNED, Outcome, Pixels, Task, Tool

_START_BOX_PX = (slice(100, 116), slice(200, 216))


def dither(task: Task, options: tuple[str, ...]) -> Outcome:
    """Optimize a picture; what a picture of 16 x 16 pixels takes is start-up and left out."""
    if task.is_learned:
        palette = ("--colors", str(len(task.colors)))
    else:
        palette = ("--palette", ",".join(task.hex_colors))
    pixels, cpu_s = _run(task.pixels, (*palette, *options, "--seed", str(task.seed)))
    start_s = _start_s((*palette, *options))
    return Outcome(pixels, max(0.0, cpu_s - start_s), commit())


@cache
def commit() -> str:
    """Name the commit that is measured, as far as git tells."""
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


@cache
def _start_s(options: tuple[str, ...]) -> float:
    return _run(read_source("astronaut")[_START_BOX_PX], options)[1]


def _run(pixels: Pixels, options: tuple[str, ...]) -> tuple[Pixels, float]:
    with TemporaryDirectory() as folder:
        source, result = Path(folder, "source.png"), Path(folder, "result.png")
        Image.fromarray(pixels).save(source, compress_level=1)
        command = [sys.executable, "-m", "ditherlab", "optimize", str(source)]
        before_s = children_s()
        run_to_end([*command, *options, "--device", "cpu", "--quiet", "--output", str(result)])
        cpu_s = children_s() - before_s
        return np.asarray(Image.open(result).convert("RGB")), cpu_s


def _tool(name: str, *options: str, palettes: frozenset[str] = BOTH) -> Tool:
    return Tool(name, palettes, partial(dither, options=options), is_ours=True, is_random=True)


def _at(pixels_per_degree: int, *options: str) -> tuple[str, ...]:
    return ("--pixels-per-degree", str(pixels_per_degree), *options)


OURS: tuple[Tool, ...] = (
    _tool("ditherlab"),
    _tool("ditherlab 35", *_at(35)),
    _tool("ditherlab 67", *_at(67)),
    _tool("ditherlab 100", *_at(100)),
    _tool("ditherlab 67 crisp", *_at(67, "--crisp", "0.05"), palettes=ONLY_LEARNED),
    _tool("ditherlab fast", *_at(67, "--preset", "fast")),
)
BEST = _tool("ditherlab best", *_at(67, "--preset", "best"))
"""Slow: only where it is asked for."""
