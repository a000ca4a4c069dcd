"""Every write and every start of a process fails once, in turn.

Whatever fails, the program ends with a sentence and the right exit code, and no file is half
written.
"""

import json
from collections.abc import Callable
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import ditherlab.experiments
from ditherlab.black_box.loading import _load
from ditherlab.black_box.worker_process import _lifeline
from ditherlab.cli import main
from ditherlab.experiments.local_pool import local_pool
from tests.faults import Faults
from tests.html_pages import read_page

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


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: None) -> Callable[[str], Path]:
    # One process starts sooner than one for each core.
    monkeypatch.setattr("ditherlab.black_box.worker_pool.num_cores", lambda: 1)

    def call(name: str) -> Path:
        """Make a folder with the files that the runs need, and go there."""
        folder = tmp_path / name
        folder.mkdir()
        monkeypatch.chdir(folder)
        rows, columns = np.mgrid[0:12, 0:12]
        pixels = np.stack([columns * 20, rows * 20, rows * 0 + 99], axis=2).astype(np.uint8)
        Image.fromarray(pixels).save("photo.png")
        Path("code.py").write_text(FUNCTION)
        Path("sweep.toml").write_text(SWEEP)
        for suffix in ("png", "json", "bin", "gpl"):
            Path(f"old.{suffix}").write_bytes(b"old")
        return folder

    return call


def run(words: tuple[str, ...], faults: Faults) -> int:
    # Otherwise, the next runs would start fewer processes.
    _load.cache_clear()
    _lifeline.cache_clear()
    with faults.active(), pytest.raises(SystemExit) as ended:
        main(list(words))
    assert isinstance(ended.value.code, int)
    return ended.value.code


def is_whole(path: Path) -> bool:
    """Return whether a file is complete; one that was there before counts as such."""
    content = path.read_bytes()
    if content == b"old":
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


def outputs(folder: Path, before: set[str]) -> dict[str, Path]:
    """Return the files that are not those from before, except for the results of a sweep."""
    return {
        path.name: path
        for path in folder.iterdir()
        if path.name not in before and path.suffix != ".jsonl"
    }


@pytest.mark.parametrize("kind", RUNS)
def test_each_call_fails_once(
    kind: str, fresh: Callable[[str], Path], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder = fresh("whole")
    before = {path.name for path in folder.iterdir()} - {"old.png", "old.json", "old.bin"}
    counted = Faults()
    assert run(RUNS[kind], counted) == 0
    whole = set(outputs(folder, before))
    shown = capfdbinary.readouterr().out
    assert counted.calls
    for number, name in enumerate(counted.calls):
        folder = fresh(f"{number}-{name}")
        faults = Faults(number)
        code = run(RUNS[kind], faults)
        out, err = capfdbinary.readouterr()
        assert faults.failed == name
        assert b"Traceback" not in err
        left = outputs(folder, before)
        assert [path.name for path in left.values() if path.suffix == ".part"] == []
        assert all(is_whole(path) for path in left.values())
        assert set(left) <= whole
        # Standard error may fail, and files can be made without a link.
        assert code == (0 if name in ("stderr", "link") else 1), (number, name, err)
        if code == 0:
            assert set(left) == whole
            assert name == "stderr" or out.count(b"\n") == shown.count(b"\n")
        else:
            assert err.count(b"\nError: ") + err.startswith(b"Error: ") == 1
        if kind == "sweep":
            finish_sweep(folder, capfdbinary)


def finish_sweep(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Check that the same command finishes a sweep."""
    (folder / "sweep.html").unlink(missing_ok=True)
    assert run(RUNS["sweep"], Faults()) == 0
    capfdbinary.readouterr()
    found: dict[Any, Any] = {}
    for line in (folder / "cells.jsonl").read_text().splitlines():
        if line.endswith("}"):
            result = json.loads(line)
            found[result["settings"]["seed"]] = result
    assert sorted(found) == [0, 1]
    assert is_whole(folder / "sweep.html")


def test_each_start_of_a_process_of_a_sweep_fails_once(
    fresh: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    monkeypatch.setattr(ditherlab.experiments, "local_pool", local_pool)
    words = (*RUNS["sweep"], "--jobs", "2")
    number, failed = 0, True
    while failed:
        fresh(str(number))
        _stop_resource_tracker()
        faults = Faults(number, only=("pipe", "fork_exec"))
        code = run(words, faults)
        failed = faults.failed is not None
        err = capfdbinary.readouterr().err
        assert code == (1 if failed else 0), err
        if failed:
            assert err.startswith(b"Error: No worker process could be started: ")
            assert err.count(b"\n") == 1
        number += 1
    assert number > 5


def _stop_resource_tracker() -> None:
    """Stop the process that multiprocessing starts beside the first worker."""
    resource_tracker._resource_tracker._stop()  # type: ignore[attr-defined]
