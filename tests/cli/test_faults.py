"""Every write and every start of a process fails once, in turn.

Whatever fails, the program ends with a sentence and the right exit code, and no file is half
written.
"""

from collections.abc import Callable
from multiprocessing import resource_tracker
from pathlib import Path

import pytest

import ditherlab.experiments
from ditherlab.black_box.loading import _load
from ditherlab.black_box.worker_process import _lifeline
from ditherlab.cli import main
from ditherlab.experiments.local_pool import local_pool
from tests.faults import Faults
from tests.written_files import RUNS, is_whole, make_folder, outputs, results

# Standard error may fail, and there are file systems without links and without folders to flush.
HARMLESS = ("stderr", "link", "fsync_folder")


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: None) -> Callable[[str], Path]:
    # One process starts sooner than one for each core.
    monkeypatch.setattr("ditherlab.black_box.worker_pool.num_cores", lambda: 1)

    def call(name: str) -> Path:
        folder = tmp_path / name
        make_folder(folder)
        monkeypatch.chdir(folder)
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


# Writes are the same with any objective.
ONLY = {"optimize-function": ("pipe", "socketpair", "fork_exec")}


@pytest.mark.parametrize("kind", [kind for kind in RUNS if kind != "optimize-again"])
def test_each_call_fails_once(
    kind: str, fresh: Callable[[str], Path], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder = fresh("whole")
    counted = Faults(only=ONLY.get(kind))
    assert run(RUNS[kind], counted) == 0
    whole = set(outputs(folder))
    shown = capfdbinary.readouterr().out
    assert counted.calls
    for number, name in enumerate(counted.calls):
        folder = fresh(f"{number}-{name}")
        faults = Faults(number, only=ONLY.get(kind))
        code = run(RUNS[kind], faults)
        out, err = capfdbinary.readouterr()
        assert faults.failed == name
        assert b"Traceback" not in err
        left = outputs(folder)
        assert [path.name for path in left.values() if path.suffix == ".part"] == []
        assert all(is_whole(path) for path in left.values())
        assert set(left) <= whole
        assert code == (0 if name in HARMLESS else 1), (number, name, err)
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
    assert len(results(folder / "cells.jsonl")) == 2
    assert is_whole(folder / "sweep.html")


def test_each_start_of_a_process_of_a_sweep_fails_once(
    fresh: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    monkeypatch.setattr(ditherlab.experiments, "local_pool", local_pool)
    words = (*RUNS["sweep"], "--jobs", "1")
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
