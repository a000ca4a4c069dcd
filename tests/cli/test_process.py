"""The program as a process: signals, pipes, terminals."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ditherlab.solver.snapshot import Snapshot

ROOT = Path(__file__).parents[2]
INTERRUPTED = 130

# Nothing here takes long, but the machine may be busy.
TIMEOUT_S = 300

Run = Callable[..., Any]
Start = Callable[..., "subprocess.Popen[bytes]"]


def press_ctrl_c() -> None:
    signal.raise_signal(signal.SIGINT)


def closed_pipe() -> int:
    """Return the end to write to of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def read_until(process: "subprocess.Popen[bytes]", word: bytes) -> bytes:
    assert process.stderr
    seen = b""
    for line in process.stderr:
        seen += line
        if line.startswith(word):
            return seen
    raise AssertionError(f"The program ended before it said {word!r}: {seen!r}")


def test_ctrl_c_ends_a_run_early_and_keeps_its_picture(photo: Path, start: Start) -> None:
    process = start("optimize", photo, "--steps", "1000000", "--json", "-v")
    seen = read_until(process, b"device: ")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == INTERRUPTED
    assert b"Interrupted: photo-dithered.png is the best picture so far.\n" in err
    assert json.loads(out)["outcome"] == "interrupted"
    assert b"\r" not in seen + err
    with Image.open("photo-dithered.png") as image:
        assert (image.mode, image.size) == ("P", (32, 24))


def test_ctrl_c_in_the_midst_of_the_steps(
    photo: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press_once(bar: object, snapshot: Snapshot) -> None:
        if snapshot.step == 0:
            press_ctrl_c()

    monkeypatch.setattr("ditherlab.cli.progress.ProgressBar.show", press_once)
    ended = run("optimize", photo, "--steps", "1000", "--report", "run.json")
    document = json.loads(Path("run.json").read_bytes())
    assert (ended.code, document["outcome"], document["steps"]) == (INTERRUPTED, "interrupted", 0)
    assert b"floyd-steinberg" in ended.out


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_signals_to_end_act_like_ctrl_c(
    name: str, photo: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = getattr(signal, name)

    def send(bar: object, snapshot: Snapshot) -> None:
        # A system that shuts down may send it several times.
        for _ in range(1 + snapshot.step):
            signal.raise_signal(number)

    before = signal.getsignal(number)
    monkeypatch.setattr("ditherlab.cli.progress.ProgressBar.show", send)
    ended = run("optimize", photo, "--steps", "1000")
    assert ended.code == INTERRUPTED
    assert "Interrupted: photo-dithered.png is the best picture so far.\n" in ended.err
    assert Path("photo-dithered.png").exists()
    assert signal.getsignal(number) == before


def test_a_signal_that_is_ignored_stays_ignored(
    photo: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As under `nohup`."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        monkeypatch.setattr(
            "ditherlab.cli.progress.ProgressBar.show",
            lambda *_: signal.raise_signal(signal.SIGHUP),
        )
        assert run("optimize", photo, "--steps", "3").code == 0
    finally:
        signal.signal(signal.SIGHUP, before)


# Sends a signal to itself while a module is loaded, as if it came by chance.
INTERRUPTED_LOAD = """
import os, runpy, signal, sys

module, number = sys.argv[1:]

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), getattr(signal, number))

sys.meta_path.insert(0, Finder())
sys.argv[1:] = ["optimize", "photo.png"]
runpy.run_module("ditherlab", run_name="__main__")
"""


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("click", "SIGINT"),
        ("ditherlab.cli", "SIGTERM"),
        ("ditherlab.cli.optimize", "SIGINT"),
        ("numpy", "SIGINT"),
        ("torch", "SIGHUP"),
        ("torch.nn", "SIGINT"),
    ],
)
def test_a_signal_during_the_start_is_one_line(module: str, name: str, photo: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_LOAD, module, name],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert ended.returncode == INTERRUPTED
    assert ended.stderr == b"Error: Interrupted; nothing was written.\n"
    assert ended.stdout == b""


def test_ctrl_c_twice_ends_at_once_and_writes_nothing(
    photo: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press_twice(bar: object, snapshot: Snapshot) -> None:
        press_ctrl_c()
        press_ctrl_c()

    monkeypatch.setattr("ditherlab.cli.progress.ProgressBar.show", press_twice)
    ended = run("optimize", photo)
    assert (ended.code, ended.error) == (INTERRUPTED, "Interrupted; nothing was written.")
    assert not Path("photo-dithered.png").exists()


def test_ctrl_c_after_the_picture_is_written_ends_at_once_and_says_so(
    photo: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press_once(*_: object) -> None:
        press_ctrl_c()

    monkeypatch.setattr("ditherlab.report.RunReport.of", press_once)
    ended = run("optimize", photo, "--steps", "1", "--json")
    message = "Interrupted while measuring: photo-dithered.png is written, but no report."
    assert ended.code == INTERRUPTED
    assert ended.err.endswith(f"\nError: {message}\n")
    assert Path("photo-dithered.png").exists()


def test_ctrl_c_is_given_back_after_the_run(photo: Path, run: Run) -> None:
    before = signal.getsignal(signal.SIGINT)
    run("optimize", photo, "--steps", "1")
    assert signal.getsignal(signal.SIGINT) is before


def test_a_terminal_shows_a_progress_bar(
    photo: Path, run: Run, terminal: Callable[[], AbstractContextManager[bytearray]]
) -> None:
    words = ("--steps", "40", "-o", "-", "--max-seconds", "60")
    with terminal() as shown:
        ended = run("optimize", photo, *words)
    assert ended.code == 0
    assert ended.out.startswith(b"\x89PNG")
    assert b"  learn-palette " in shown
    assert b"expected cost" in shown
    assert b"entropy" in shown
    assert b"floyd-steinberg" in shown.rpartition(b"polish 48  ")[2]


@pytest.mark.parametrize(
    "variables", [{"TERM": "dumb"}, {"COLUMNS": "1"}, {"COLUMNS": "20"}], ids=str
)
def test_a_terminal_without_room_or_abilities_shows_lines_only(
    variables: dict[str, str],
    photo: Path,
    run: Run,
    terminal: Callable[[], AbstractContextManager[bytearray]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with terminal() as shown:
        ended = run("optimize", photo, "--steps", "4", "-o", "-")
    assert ended.code == 0
    assert b"floyd-steinberg" in shown
    assert b"\x1b" not in shown
    assert b"\r" not in shown.replace(b"\r\n", b"\n")


@pytest.mark.parametrize(
    "words",
    [
        ["optimize", "photo.png", "--palette", "pico-8", "--preset", "fast", "-o", "x.gif"],
        ["optimize", "missing.png"],
        ["palette", "show", "pico-8"],
        ["sweep", "missing.toml"],
        ["palette", "extract", "photo.png", "--method", "wu", "-o", "x.hex"],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_closed_standard_error_changes_nothing(words: list[str], photo: Path, start: Start) -> None:
    plain = start(*words)
    out, err = plain.communicate(timeout=TIMEOUT_S)
    made = {path.name: path.read_bytes() for path in Path().iterdir() if path.name != "photo.png"}
    for name in made:
        Path(name).unlink()
    closed = start(*words, stderr=None, preexec_fn=lambda: os.close(2))
    again, _ = closed.communicate(timeout=TIMEOUT_S)
    assert closed.returncode == plain.returncode
    assert again.splitlines()[:1] == out.splitlines()[:1]
    for name, data in made.items():
        assert Path(name).read_bytes() == data
    assert err == b"" or b"Error" in err or made


def test_a_picture_into_a_closed_pipe(photo: Path, start: Start) -> None:
    writing = closed_pipe()
    process = start("optimize", photo, "--steps", "2", "-o", "-", stdout=writing)
    os.close(writing)
    _, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 1
    assert err == b"Error: Standard output was closed before everything was written.\n"
    assert [path.name for path in Path().iterdir()] == ["photo.png"]


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_text_into_a_closed_pipe(words: list[str], start: Start) -> None:
    writing = closed_pipe()
    process = start("palette", "list", *words, stdout=writing)
    os.close(writing)
    _, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 1
    assert err == b"Error: Standard output was closed before everything was written.\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this machine has no /dev/full")
@pytest.mark.parametrize("words", [["palette", "list"], ["palette", "list", "--json"], ["--help"]])
def test_text_onto_a_full_disk(words: list[str], start: Start) -> None:
    with Path("/dev/full").open("wb") as full:
        process = start(*words, stdout=full)
    _, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 1
    assert err == b"Error: Standard output cannot be written: no space left on device.\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this machine has no /dev/full")
def test_a_message_that_nobody_can_read_leaves_the_exit_code(start: Start) -> None:
    with Path("/dev/full").open("wb") as full:
        process = start("optimize", stderr=full)
    assert process.wait(timeout=TIMEOUT_S) == 2


@pytest.mark.parametrize(
    ("words", "closed", "message"),
    [
        ("- -o x.png", 0, b"Error: Standard input is closed. Name a file, or pipe a picture in.\n"),
        ("photo.png --json", 1, b"Error: Standard output is closed. Name a file instead.\n"),
        ("photo.png -o -", 1, b"Error: Standard output is closed. Name a file instead.\n"),
    ],
)
def test_a_closed_stream_that_is_needed(
    words: str, closed: int, message: bytes, photo: Path, start: Start
) -> None:
    process = start("optimize", *words.split(), preexec_fn=lambda: os.close(closed))
    _, err = process.communicate(timeout=TIMEOUT_S)
    assert (process.returncode, err) == (1, message)


def test_a_default_run_imports_only_what_it_needs(photo: Path) -> None:
    program = (
        "import sys\n"
        "from ditherlab.cli import main\n"
        "try:\n"
        "    main(['optimize', 'photo.png', '--colors', '2', '--steps', '1', '--sweeps', '0'])\n"
        "except SystemExit as end:\n"
        "    assert end.code == 0\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(ended.stderr.split())
    assert "ditherlab.stages.polish" in loaded
    needless = (
        "PIL.TiffImagePlugin",
        "ditherlab.discrete.cells.machines",
        "ditherlab.estimators.drawn",
        "ditherlab.experiments",
        "ditherlab.models.noise",
        "ditherlab.objectives.python_function",
        "ditherlab.report.comparison_page",
        "ditherlab.stages.cross_entropy",
        "ditherlab.stages.learn_model",
    )
    assert not loaded.intersection(needless)
