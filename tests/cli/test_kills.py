"""A run that is killed while it writes damages nothing, and a sweep goes on afterwards."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest
import torch

import ditherlab.experiments
from ditherlab.cli import main
from tests.faults import Faults
from tests.forks import in_a_fork
from tests.written_files import OLD, RUNS, is_whole, make_folder, outputs, results

WRITES = ("open", "write", "flush", "close", "fsync", "fsync_folder", "link", "replace")
KILLED = ("optimize-again", "sweep", "convert-again", "compare")
ENDED = ("optimize", "sweep", "convert-again")


class _Here(Executor):
    """Runs everything in this thread: in a copy of a process, torch starts no other threads."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **_: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        future.set_result(function(*arguments))
        return future


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(ditherlab.experiments, "local_pool", lambda _: _Here())
    num_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(num_threads)


def num_writes(words: tuple[str, ...]) -> int:
    """Count the writes of an undisturbed run."""
    counted = Faults(only=WRITES)
    with counted.active(), pytest.raises(SystemExit) as ended:
        main(list(words))
    assert ended.value.code == 0
    return len(counted.calls)


def finish(folder: Path, expected: dict[str, object]) -> None:
    """Check that the same command finishes a sweep with the results of an undisturbed run."""
    (folder / "sweep.html").unlink(missing_ok=True)
    assert in_a_fork(RUNS["sweep"]) == 0
    assert results(folder / "cells.jsonl") == expected
    assert is_whole(folder / "sweep.html")


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        *(pytest.param(signal.SIGKILL, kind, id=f"SIGKILL-{kind}") for kind in KILLED),
        *(pytest.param(signal.SIGTERM, kind, id=f"SIGTERM-{kind}") for kind in ENDED),
    ],
)
def test_a_signal_at_each_write(
    number: signal.Signals,
    kind: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def enter(name: str) -> Path:
        make_folder(tmp_path / name)
        monkeypatch.chdir(tmp_path / name)
        return tmp_path / name

    def send(_name: str) -> None:
        os.kill(os.getpid(), number)

    folder = enter("undisturbed")
    count = num_writes(RUNS[kind])
    expected = results(folder / "cells.jsonl") if kind == "sweep" else {}
    assert count > 4
    for place in range(count):
        folder = enter(str(place))
        code = in_a_fork(RUNS[kind], Faults(place, WRITES, send))
        _, err = capfd.readouterr()
        assert code in ((-number,) if number is signal.SIGKILL else (0, 130)), err
        assert "Traceback" not in err
        left = [path for path in outputs(folder).values() if path.suffix != ".part"]
        assert all(path.read_bytes() == OLD or is_whole(path) for path in left)
        if number is signal.SIGTERM:
            assert len(left) == len(outputs(folder))
        if kind == "sweep":
            finish(folder, expected)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_while_modules_are_imported_is_one_line(
    number: signal.Signals, start: Callable[..., "subprocess.Popen[bytes]"], tmp_path: Path
) -> None:
    # A module that is imported at the beginning sends the signal.
    (tmp_path / "click.py").write_text(f"import os; os.kill(os.getpid(), {int(number)})\n")
    process = start("palette", "list")
    out, err = process.communicate()
    assert (process.returncode, out) == (130, b"")
    assert err == b"Error: Interrupted; nothing was written.\n"
