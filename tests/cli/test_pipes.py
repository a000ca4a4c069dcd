"""Pipes without a writer, endless streams and devices, wherever a file is read or written."""

import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from ditherlab.images import source_bytes

Run = Callable[..., Any]


@pytest.mark.parametrize(
    "words",
    [
        ["optimize", "pipe"],
        ["optimize", "photo.png", "--palette", "./pipe"],
        ["optimize", "photo.png", "--lock", "./pipe"],
        ["optimize", "photo.png", "--gamut", "./pipe"],
        ["optimize", "photo.png", "--like", "pipe"],
        ["palette", "show", "./pipe"],
        ["sweep", "pipe", "--dry-run"],
    ],
    ids=" ".join,
)
def test_a_pipe_without_a_writer_is_one_sentence(
    words: list[str], photo: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_bytes, "_WRITER_DEADLINE_S", 0.0)
    os.mkfifo("pipe")
    ended = run(*words)
    assert ended.code in (1, 2)
    assert "is a pipe, and no program wrote to it" in ended.error


def test_a_palette_without_end_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            assert size is not None
            assert size > 0
            return b"0" * size

    monkeypatch.setattr("ditherlab.palette.files._MAX_NUM_BYTES", 5_000_000)
    monkeypatch.setattr("ditherlab.cli.palette_file.standard_input", Endless)
    ended = run("palette", "show", "-")
    assert ended.code == 1
    assert "standard input must be at most 5000000 bytes to serve as a palette" in ended.error


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="this system has no /dev/null")
def test_a_picture_may_go_to_a_device(photo: Path, run: Run) -> None:
    ended = run("optimize", photo, "--palette", "ega", "--preset", "fast", "-o", "/dev/null")
    assert (ended.code, ended.out.decode().splitlines()[0]) == (0, "Wrote /dev/null.")
