"""Commands that write files, what they need, and whether a file that they wrote is complete."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from tests.html_pages import read_page

OLD = b"old"
FAST = ("--steps", "1", "--sweeps", "1")
FUNCTION = "def cost(picture): return picture.mean()\n"
SWEEP = """
pictures = ["photo.png"]
palette = "#000,#fff"
objective = "viewed-error"
steps = 1
sweeps = 1
seeds = [0, 1]
"""
RUNS = {
    "optimize": (
        "optimize", "photo.png", "--palette", "#000,#f00,#fff", *FAST, "-o", "out.png",
        "--report", "run.json", "--packed", "out.bin",
    ),
    "optimize-again": (
        "optimize", "photo.png", "--palette", "#000,#f00,#fff", *FAST, "-o", "old.png",
        "--report", "old.json", "--packed", "old.bin", "--overwrite",
    ),
    "optimize-to-stdout": (
        "optimize", "photo.png", "--palette", "#000,#fff", *FAST, "-o", "-", "--report", "run.json",
    ),
    "optimize-function": (
        "optimize", "photo.png", "--palette", "#000,#fff", "--steps", "1", "-o", "out.png",
        "--objective", "python:code.py:cost",
    ),
    "sweep": ("sweep", "sweep.toml", "--report", "sweep.html", "--results", "cells.jsonl"),
    "compare": (
        "compare", "photo.png", "--colors", "2", "--objective", "viewed-error", "--estimators",
        "moments", "--gradients-only", "--repetitions", "2", "--report", "compare.html",
    ),
    "rank": (
        "palette", "rank", "photo.png", "--among", "#000,#fff", "--jobs", "1", "--report", "r.html",
    ),
    "convert": ("palette", "convert", "pico-8", "out.gpl"),
    "convert-again": ("palette", "convert", "pico-8", "old.gpl", "--overwrite"),
    "learn": (
        "palette", "learn", "photo.png", "--colors", "2", "--preset", "fast", "-o", "out.hex",
    ),
}  # fmt: skip


def make_folder(folder: Path) -> None:
    """Make a folder with the files that the commands need, and with old outputs."""
    folder.mkdir()
    rows, columns = np.mgrid[0:12, 0:12]
    pixels = np.stack([columns * 20, rows * 20, rows * 0 + 99], axis=2).astype(np.uint8)
    Image.fromarray(pixels).save(folder / "photo.png")
    (folder / "code.py").write_text(FUNCTION)
    (folder / "sweep.toml").write_text(SWEEP)
    for suffix in ("png", "json", "bin", "gpl"):
        (folder / f"old.{suffix}").write_bytes(OLD)


def is_whole(path: Path) -> bool:
    """Return whether a file is complete; one that was there before counts as such."""
    content = path.read_bytes()
    if content == OLD:
        return True
    if path.suffix == ".png":
        with Image.open(path) as image:
            image.load()
    elif path.suffix == ".json":
        json.loads(content)
    elif path.suffix == ".html":
        read_page(content)
    elif path.suffix == ".hex":
        assert len(content.split()) == 2
    elif path.suffix == ".gpl":
        assert len(content.splitlines()) == 16 + 3
    elif path.suffix == ".bin":
        assert len(content) == 12 * 3
    return True


def outputs(folder: Path) -> dict[str, Path]:
    """Return the old outputs and all new files, except for the results of a sweep."""
    needed = ("photo.png", "code.py", "sweep.toml")
    return {
        path.name: path
        for path in folder.iterdir()
        if path.name not in needed and path.suffix != ".jsonl"
    }


def results(path: Path) -> dict[str, object]:
    """Return the results of a sweep by key, without times; incomplete lines are left out."""
    found: dict[str, object] = {}
    for line in path.read_text().splitlines():
        if line.endswith("}"):
            result = json.loads(line)
            del result["seconds"], result["curve"]["seconds"]
            found[result["key"]] = result
    return found
