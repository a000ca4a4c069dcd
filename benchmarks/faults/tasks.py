"""The commands that are killed, and what their outputs must be."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

_SWEEP = """
pictures = ["photo.png"]
palettes = ["#000,#fff", "pico-8"]
objectives = ["viewed-error"]
seeds = [0, 1, 2]
sweeps = 2
"""
_FUNCTION = """
import numpy as np

def cost(picture, target):
    return float(np.abs(picture.astype(float) - target).mean())
"""
OLD = b"old"


def _is_picture(path: Path) -> bool:
    with Image.open(path) as image:
        image.load()
        return image.size == (96, 64)


def _is_page(path: Path) -> bool:
    return path.read_text(encoding="utf-8").endswith("</html>\n")


def _is_json(path: Path) -> bool:
    return isinstance(json.loads(path.read_bytes()), dict)


def _is_hex(path: Path) -> bool:
    return re.fullmatch(r"([0-9a-f]{6}\n){4}", path.read_text()) is not None


@dataclass(frozen=True)
class Task:
    """A command to kill.

    Attributes:
        words: The command line.
        checks: Whether an output is complete, by its name. Each is there before, as `OLD`, and may
            be replaced.
        results: The results file of a sweep; None for other commands.
        checkpoint: The file by which the command goes on after a kill; None for one that begins
            again.
    """

    words: tuple[str, ...]
    checks: Mapping[str, Callable[[Path], bool]]
    results: str | None = None
    checkpoint: str | None = None

    def words_in(self, folder: Path) -> tuple[str, ...]:
        """Return the command line for a folder, which may hold the file of a killed run."""
        if self.checkpoint is None:
            return self.words
        has_begun = (folder / self.checkpoint).exists()
        option = "--resume" if has_begun else "--checkpoint"
        return (*self.words, option, self.checkpoint, "--checkpoint-every", "0.05")


TASKS = {
    "optimize": Task(
        ("optimize", "photo.png", "--colors", "4", "-o", "out.png", "--report", "run.json"),
        {"out.png": _is_picture, "run.json": _is_json},
    ),
    "optimize --checkpoint": Task(
        (
            "optimize", "photo.png", "--colors", "4", "--preset", "best", "--sweeps", "2000",
            "-o", "out.png",
        ),
        {"out.png": _is_picture},
        checkpoint="run.safetensors",
    ),
    "optimize, a Python function": Task(
        (
            "optimize", "photo.png", "--palette", "#000,#f80,#fff", "--steps", "40",
            "--objective", "python:code.py:cost", "-o", "out.png",
        ),
        {"out.png": _is_picture},
    ),
    "sweep": Task(
        ("sweep", "sweep.toml", "--report", "page.html"), {"page.html": _is_page},
        "sweep-results.jsonl",
    ),
    "compare --report": Task(
        (
            "compare", "photo.png", "--colors", "4", "--crop", "32x32+0+0", "--estimators",
            "moments,gumbel-softmax", "--repetitions", "4", "--seeds", "1", "--max-seconds", "3",
            "--report", "page.html",
        ),
        {"page.html": _is_page},
    ),
    "palette learn": Task(
        ("palette", "learn", "photo.png", "--colors", "4", "--preset", "fast", "-o", "out.hex"),
        {"out.hex": _is_hex},
    ),
}  # fmt: skip


def prepare(folder: Path, task: Task) -> None:
    """Make a folder with what a command reads, and with old outputs."""
    folder.mkdir(parents=True)
    rows, columns = np.mgrid[0:64, 0:96]
    pixels = np.stack([columns * 2, rows * 3, (rows * columns) % 256], axis=2).astype(np.uint8)
    Image.fromarray(pixels).save(folder / "photo.png")
    (folder / "sweep.toml").write_text(_SWEEP)
    (folder / "code.py").write_text(_FUNCTION)
    for name in task.checks:
        (folder / name).write_bytes(OLD)


def damaged(folder: Path, task: Task) -> list[str]:
    """Return the names of outputs that are neither old nor complete."""
    found = []
    for name, is_whole in task.checks.items():
        path = folder / name
        try:
            is_good = path.read_bytes() == OLD or is_whole(path)
        except (OSError, ValueError, SyntaxError):
            is_good = False
        if not is_good:
            found.append(name)
    if task.results is not None and not _are_results(folder / task.results):
        found.append(task.results)
    return found


def outcome(folder: Path, task: Task) -> dict[str, object]:
    """Return everything in the outputs that must be equal whenever a command ends by itself."""
    found: dict[str, object] = {
        name: (folder / name).read_bytes()
        for name in task.checks
        if Path(name).suffix in (".png", ".hex")
    }
    if task.results is not None:
        for line in _whole_lines(folder / task.results):
            result = json.loads(line)
            del result["seconds"], result["curve"]["seconds"]
            found[result["key"]] = result
    return found


def _are_results(path: Path) -> bool:
    """Return whether every line but the last, which may be incomplete, is a result."""
    if not path.exists():
        return True
    try:
        return all("key" in json.loads(line) for line in _whole_lines(path))
    except ValueError:
        return False


def _whole_lines(path: Path) -> list[bytes]:
    *whole, _ = path.read_bytes().split(b"\n")
    # A line that was incomplete when the sweep went on is followed by a line break.
    return [line for line in whole if line and line.endswith(b"}")]
