"""Runs of the program that are killed and resumed, and checkpoints that cannot be used."""

import itertools
import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ditherlab.devices import one_thread
from tests.faults import Faults
from tests.forks import in_a_fork
from tests.processes import wait_until
from tests.solving import ticking

Run = Callable[..., Any]

WORDS = ("--colors", "4", "--steps", "4", "--sweeps", "150")
SHORT = ("--colors", "4", "--steps", "4", "--sweeps", "2")
FILE = "run.safetensors"


@pytest.fixture(autouse=True)
def single_thread() -> Iterator[None]:
    # In a copy of a process, torch starts no other threads.
    with one_thread():
        yield


def test_a_process_that_is_killed_and_resumed_ends_with_the_same_bytes(
    photo: Path, run: Run, start: Callable[..., "subprocess.Popen[bytes]"]
) -> None:
    whole = run("optimize", photo, *WORDS, "-o", "whole.png", "--json")
    often = ("--checkpoint-every", "0")
    process = start("optimize", photo, *WORDS, "-o", "x.png", "--checkpoint", FILE, *often)
    seen: set[int] = set()

    def has_begun() -> bool:
        seen.add(Path(FILE).stat().st_mtime_ns if Path(FILE).exists() else 0)
        return len(seen) > 8 or process.poll() is not None

    wait_until(has_begun)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert not Path("x.png").exists()
    resumed = run("optimize", photo, *WORDS, "-o", "x.png", "--resume", FILE, "--json")
    assert resumed.code == 0, resumed.err
    assert Path("x.png").read_bytes() == Path("whole.png").read_bytes()
    first, second = (json.loads(ended.out) for ended in (whole, resumed))
    assert len(first["costs"]) > 50
    for other in ("output", "seconds"):
        del first[other], second[other]
    assert first == second


def test_a_kill_at_each_write_of_checkpoints(photo: Path, run: Run) -> None:
    words = ("optimize", str(photo), *SHORT, "-q", "--checkpoint-every", "0")
    assert run("optimize", photo, *SHORT, "-q", "-o", "whole.png").code == 0
    names = ("open", "write", "fsync", "replace", "link")
    for place in itertools.count(2, 17):
        kill = Faults(place, names, lambda _name: signal.raise_signal(signal.SIGKILL))
        code = in_a_fork((*words, "-o", "x.png", "--checkpoint", FILE), kill)
        if code == 0:
            break
        assert code == -signal.SIGKILL
        how = ("--resume", FILE) if Path(FILE).exists() else ("--checkpoint", FILE)
        assert run(*words, "-o", "x.png", *how, "--overwrite").code == 0
        assert Path("x.png").read_bytes() == Path("whole.png").read_bytes()
        for left in (Path(FILE), Path("x.png")):
            left.unlink()
    assert place > 60


def test_a_run_that_ended_writes_its_picture_again(photo: Path, run: Run) -> None:
    assert run("optimize", photo, *SHORT, "-o", "x.png", "--checkpoint", FILE).code == 0
    ended = run("optimize", photo, *SHORT, "-o", "y.png", "--resume", FILE)
    assert ended.code == 0
    assert Path("x.png").read_bytes() == Path("y.png").read_bytes()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--checkpoint", "-"), "`--checkpoint` must be a file, got a standard stream."),
        (("--resume", "-"), "`--resume` must be a file, got a standard stream."),
        (("--checkpoint-every", "5"), "`--checkpoint-every` needs a file to write"),
        (("--checkpoint", "x", "--checkpoint-every", "-1"), "at least 0 seconds, got -1."),
        (
            ("--checkpoint", "x", "--checkpoint-every", "nan"),
            "at least 0 seconds, got nan.",
        ),
        (("--checkpoint", "./a.png", "-o", "a.png"), "must be another file than `--output`"),
        (("--checkpoint", "r.json", "--report", "r.json"), "got r.json twice."),
        (("--resume", "x.bin", "--packed", "x.bin"), "must be another file than"),
    ],
)
def test_words_that_are_refused(words: tuple[str, ...], message: str, run: Run) -> None:
    # The source is missing: had anything been done before, that would be the message.
    ended = run("optimize", "missing.png", *words)
    assert ended.code == 2
    assert message in ended.error


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--resume", "none"), "There is no checkpoint none."),
        (("--resume", "photo.png"), "photo.png must be a checkpoint of ditherlab"),
        (("--checkpoint", "photo.png", "--overwrite"), "photo.png must be a checkpoint"),
        (("--checkpoint", "no/x"), "there is no folder no"),
        (("--checkpoint", ""), ". is a folder. Name a file in it."),
        (("--resume", ""), "There is no checkpoint ."),
        (("--checkpoint", "link"), "link exists already."),
        (("--checkpoint", "."), "must be a checkpoint of ditherlab"),
    ],
)
def test_files_that_are_refused(
    words: tuple[str, ...], message: str, photo: Path, run: Run
) -> None:
    before = photo.read_bytes()
    Path("link").symlink_to("nowhere")
    ended = run("optimize", "missing.png", *words)
    assert ended.code == 1
    assert message in ended.error
    assert photo.read_bytes() == before


def test_another_run_is_refused_before_the_work(photo: Path, run: Run) -> None:
    assert run("optimize", photo, *SHORT, "-o", "x.png", "--checkpoint", FILE).code == 0
    before = Path(FILE).read_bytes()
    again = run("optimize", photo, *SHORT, "--checkpoint", FILE)
    assert (again.code, "Use `--resume` to go on" in again.error) == (1, True)
    seed = run("optimize", photo, *SHORT, "--resume", FILE, "--seed", "1")
    assert (seed.code, "differs in: seed." in seed.error) == (1, True)
    Image.fromarray(np.zeros((9, 9, 3), dtype=np.uint8)).save("black.png")
    other = run("optimize", "black.png", *SHORT, "--resume", FILE)
    assert (other.code, "must be a checkpoint of this picture" in other.error) == (1, True)
    assert Path(FILE).read_bytes() == before
    assert not list(Path().glob("*-dithered*"))


def test_a_full_disk_does_not_end_the_run(photo: Path, capfd: pytest.CaptureFixture[str]) -> None:
    words = ("optimize", str(photo), *SHORT, "--checkpoint", FILE, "--checkpoint-every", "0")
    assert in_a_fork((*words, "-o", "whole.png")) == 0
    capfd.readouterr()
    before = Path(FILE).read_bytes()
    assert in_a_fork((*words, "-o", "x.png", "--overwrite"), most_file_bytes=8000) == 0
    _, err = capfd.readouterr()
    sentence = f"The run goes on without a checkpoint: {FILE} cannot be written: file too large."
    assert err.splitlines().count(sentence) == 1
    assert err.count("checkpoint") == 1
    assert Path(FILE).read_bytes() == before
    assert Path("x.png").read_bytes() == Path("whole.png").read_bytes()
    assert not list(Path().glob(".*.part"))


def test_a_run_that_ends_early_says_how_to_go_on(
    photo: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ditherlab.cli.clock.now", ticking())
    words = ("--palette", "pico-8", "--sweeps", "1000000")
    limited = run("optimize", photo, *words, "--checkpoint", FILE, "--max-seconds", "200")
    assert limited.code == 0
    assert f"To go on: `--resume {FILE}`.\n" in limited.err
    longer = run("optimize", photo, *words, "--resume", FILE, "--max-seconds", "400", "--json")
    assert json.loads(longer.out)["seconds"] >= 400
    ended = run("optimize", photo, *SHORT, "--checkpoint", "other", "-q")
    assert ended.err == ""
