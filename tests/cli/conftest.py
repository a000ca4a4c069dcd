"""A folder with small pictures in it, and the program, called in this process or in another."""

import io
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, redirect_stderr, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import ditherlab.experiments
from ditherlab.cli import main

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    """What a run of the program left behind."""

    code: int
    out: bytes
    err: str

    @property
    def error(self) -> str:
        """The message, which must be the only line on standard error."""
        assert self.err.startswith("Error: ")
        assert self.err.count("\n") == 1
        assert self.err.endswith(".\n") or self.err.endswith("?\n") or self.code == 2
        assert self.out == b""
        return self.err.removeprefix("Error: ").rstrip("\n")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def pixels() -> np.ndarray:
    rows, columns = np.mgrid[0:24, 0:32]
    levels = np.stack([columns * 8, rows * 10, np.full_like(rows, 128)], axis=2).astype(np.uint8)
    levels.flags.writeable = False
    return levels


@pytest.fixture
def photo(folder: Path, pixels: np.ndarray) -> Path:
    """A colorful picture of 24 x 32 pixels."""
    Image.fromarray(pixels).save(folder / "photo.png")
    return Path("photo.png")


@pytest.fixture
def holed(folder: Path, pixels: np.ndarray) -> Path:
    """The same, transparent on the left, with alphas around one half in its first two pixels."""
    alpha = np.where(np.arange(32) < 10, 0, 255).repeat(24).reshape(32, 24).T.copy()
    alpha[0, :2] = 127, 128
    Image.fromarray(np.dstack([pixels, alpha.astype(np.uint8)])).save(folder / "holed.png")
    return Path("holed.png")


@pytest.fixture
def run(
    capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Ended]:
    """Call the program in this process; torch takes seconds to import."""

    def call(*arguments: object, stdin: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        out, err = capsysbinary.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        return Ended(code, out, err.decode())

    return call


@pytest.fixture
def optimize(run: Callable[..., Ended]) -> Callable[..., Ended]:
    """Call `ditherlab optimize` for a few steps, successfully."""

    def call(*arguments: object, stdin: bytes = b"") -> Ended:
        ended = run("optimize", "--steps", "5", *arguments, stdin=stdin)
        assert ended.code == 0, ended.err
        return ended

    return call


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run cells in this process: others take seconds to start."""
    monkeypatch.setattr(ditherlab.experiments, "local_pool", ThreadPoolExecutor)


@contextmanager
def _terminal() -> Iterator[bytearray]:
    ours, theirs = pty.openpty()
    shown = bytearray()

    def watch() -> None:
        # Linux says by an error that the other end of a terminal is closed.
        with suppress(OSError):
            while block := os.read(ours, 4096):
                shown.extend(block)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    with os.fdopen(theirs, "w", encoding="utf-8") as stream, redirect_stderr(stream):
        yield shown
    watcher.join()
    os.close(ours)


@pytest.fixture
def terminal() -> Callable[[], AbstractContextManager[bytearray]]:
    """Make standard error a terminal inside a block; afterwards, the bytes are what it showed."""
    return _terminal


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    """Start the program as a process of its own, with pipes unless told otherwise."""
    started = []

    def call(*arguments: object, **streams: Any) -> "subprocess.Popen[bytes]":
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        process = subprocess.Popen(
            [sys.executable, "-m", "ditherlab", *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
            **{**pipes, **streams},
        )
        started.append(process)
        return process

    yield call
    for process in started:
        process.kill()
        process.communicate()
