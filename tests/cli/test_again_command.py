"""The command on a page: pasted into a shell beside the files, it makes the page again."""

import os
import re
import subprocess
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.html_pages import read_page

Run = Callable[..., Any]

CODE = "def cost(picture): return picture.mean()\n"
SWEEP = """
pictures = ["photo.png", "deep/photo.png"]
palettes = ["mine.hex", "deep/mine.hex"]
objectives = ["viewed-error", "python:costs.py:cost"]
steps = 1
sweeps = 1
"""
COMPARE = ("--crop", "4x4+0+0", "--gradients-only", "--repetitions", "2", "--samples", "2")
MEAN = "0.5*python:files/costs.py:cost"
LONG = ",".join(f"#{number:06x}" for number in range(0, 1 << 24, 400_000))
PAGES = {
    "compare": (
        "compare", "files/photo.png", *COMPARE, "--palette", "#000,#fff", "--objective", MEAN,
        "--estimators", "leave-one-out(num_samples=2),disarm", "--seed", "3",
    ),
    "compare-file": (
        "compare", "{here}/files/photo.png", *COMPARE, "--colors", "2", "--objective",
        "viewed-error", "--estimators", "moments", "--at", "files/logits.npy",
    ),
    "sweep": ("sweep", "files/sweep.toml", "--results", "files/r.jsonl", "--retry-failed"),
    "experiment": ("experiment", "gaussian", "--quick", "--seed", "1"),
    "rank": (
        "palette", "rank", "files/photo.png", "--among", "files/mine.hex", "--among", "#000,#f80",
        "--fit", "none", "--jobs", "1", "--max-pixels", "100",
    ),
    "rank-long": (
        "palette", "rank", "files/photo.png", "--jobs", "1", "--among", LONG,
    ),
    "rank-odd": ("palette", "rank", "files/-it's $odd\\.png", "--among", "ega", "--jobs", "1"),
    "rank-bytes": ("palette", "rank", "files/\udce9\x1b\n'.png", "--among", "ega", "--jobs", "1"),
    "curve": (
        "palette", "curve", "files/photo.png", "--colors", "2..2", "--jobs", "1", "--target",
        "lp=1", "--max-pixels", "100",
    ),
}  # fmt: skip
# Tables without times.
STEADY = ("rank", "rank-long", "rank-odd", "rank-bytes", "curve", "experiment")


@pytest.fixture
def files(folder: Path, pixels: Any) -> Path:
    place = folder / "files"
    (place / "deep").mkdir(parents=True)
    for name in ("photo.png", "-it's $odd\\.png", "\udce9\x1b\n'.png"):
        Image.fromarray(pixels).save(place / name, "PNG")
    Image.fromarray(pixels[::-1].copy()).save(place / "deep" / "photo.png")
    (place / "mine.hex").write_text("000000\nff0000\n")
    (place / "deep" / "mine.hex").write_text("000000\n00ff00\n")
    (place / "costs.py").write_text(CODE)
    (place / "sweep.toml").write_text(SWEEP)
    np.save(place / "logits.npy", np.zeros((2, 4, 4), np.float32))
    return place


def command_of(page: Path) -> str:
    content = page.read_text()
    found = re.findall(r"<(?:pre|p)>(?:<code>)?(ditherlab .*?)<", content, re.DOTALL)
    assert len(found) == 1
    return unescape(found[0])


def split_by_a_shell(command: str) -> list[str]:
    ended = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {command}"], check=True, capture_output=True
    )
    return os.fsdecode(ended.stdout).split("\0")[:-1]


@pytest.mark.parametrize("kind", PAGES)
def test_the_command_of_a_page_makes_it_again_and_the_page_names_no_folder(
    kind: str, files: Path, run: Run, threads: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [word.format(here=files.parent) for word in PAGES[kind]]
    first = run(*words, "--report", "first.html")
    assert first.code == 0, first.err
    page = Path("first.html")
    text = read_page(page.read_bytes()).replace("of files", "")
    assert [word for word in ("files", "deep", str(files.parent)) if word in text] == []
    command = command_of(page)
    program, *typed = split_by_a_shell(command)
    assert program == "ditherlab"
    monkeypatch.chdir(files)
    again = run(*typed, "--report", "again.html")
    assert again.code == 0, again.err
    assert command_of(Path("again.html")) == command
    if kind in STEADY:
        assert again.out == first.out
