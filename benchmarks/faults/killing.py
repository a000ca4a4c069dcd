"""One command, one signal at one moment, and what is left afterwards."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults.tasks import Task, damaged, outcome, prepare

ROOT = Path(__file__).resolve().parents[2]

# Every process of a run inherits it, so that orphans are found wherever they went.
_MARK = "DITHERLAB_KILLED_RUN"
_END_TIMEOUT_S = 120.0

# Before its first line, the program cannot handle a signal.
_PYTHON_STARTS_S = 0.2
_ORPHAN_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Kill:
    """What a signal did.

    Attributes:
        task: The name of the command.
        signal: The name of the signal.
        at_s: When it was sent, in seconds after the start.
        exit_code: The exit code; negative for a signal.
        seconds_to_end: From the signal to the end of the process.
        num_orphans: Processes of the run that were left after a while.
        damaged: Outputs that are neither old nor complete.
        num_temporary: Temporary files that were left.
        has_traceback: Whether standard error held a traceback.
        is_equal_again: Whether the same command then gave the outputs of an undisturbed run; None
            if it was not tried.
    """

    task: str
    signal: str
    at_s: float
    exit_code: int
    seconds_to_end: float
    num_orphans: int
    damaged: tuple[str, ...]
    num_temporary: int
    has_traceback: bool
    is_equal_again: bool | None

    @property
    def is_good(self) -> bool:
        """True if nothing is damaged or left behind, and the exit code is right."""
        codes = {0, -signal.SIGKILL} if self.signal == "SIGKILL" else {0, 130}
        if self.at_s < _PYTHON_STARTS_S:
            codes.add(-signal.SIGTERM)
        may_leave = self.signal == "SIGKILL"
        return (
            self.exit_code in codes
            and not (self.num_orphans or self.damaged or self.has_traceback)
            and (may_leave or not self.num_temporary)
            and self.is_equal_again is not False
        )


def undisturbed(task: Task, folder: Path) -> tuple[float, dict[str, object]]:
    """Run a command to its end; return its time and its outcome."""
    shutil.rmtree(folder, ignore_errors=True)
    prepare(folder, task)
    start_s = time.monotonic()
    ended = _start(task, folder, "undisturbed")
    _, err = ended.communicate()
    if ended.returncode != 0:
        raise RuntimeError(f"The command failed without a signal: {err.decode()}")
    return time.monotonic() - start_s, outcome(folder, task)


def kill(
    name: str,
    task: Task,
    folder: Path,
    *,
    number: signal.Signals,
    at_s: float,
    expected: dict[str, object] | None,
) -> Kill:
    """Start a command, send it a signal, and look at what is left.

    Args:
        name: The name of the command.
        task: The command.
        folder: A folder that is made anew.
        number: The signal.
        at_s: When to send it.
        expected: The outcome of an undisturbed run, to which the same command must come
            afterwards; None not to try.
    """
    shutil.rmtree(folder, ignore_errors=True)
    prepare(folder, task)
    mark = f"{folder.name}-{os.getpid()}-{time.monotonic_ns()}"
    process = _start(task, folder, mark)
    try:
        process.wait(at_s)
    except subprocess.TimeoutExpired:
        process.send_signal(number)
    sent_s = time.monotonic()
    _, err = process.communicate(timeout=_END_TIMEOUT_S)
    seconds = time.monotonic() - sent_s
    num_orphans = _wait_for_orphans(mark)
    broken = tuple(damaged(folder, task))
    temporary = list(folder.glob(".*.part"))
    is_equal = None
    if expected is not None:
        again = _start(task, folder, mark)
        again.communicate(timeout=_END_TIMEOUT_S)
        is_equal = again.returncode == 0 and outcome(folder, task) == expected
    return Kill(
        task=name,
        signal=number.name,
        at_s=round(at_s, 3),
        exit_code=process.returncode,
        seconds_to_end=round(seconds, 3),
        num_orphans=num_orphans,
        damaged=broken,
        num_temporary=len(temporary),
        has_traceback=b"Traceback" in err,
        is_equal_again=is_equal,
    )


def _start(task: Task, folder: Path, mark: str) -> "subprocess.Popen[bytes]":
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", _MARK: mark,
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-m", "ditherlab", *task.words_in(folder), "--overwrite"],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        # A pipe would be held open by orphans.
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def _wait_for_orphans(mark: str) -> int:
    """Wait until no process has the mark; return how many have it after a while."""
    end_s = time.monotonic() + _ORPHAN_TIMEOUT_S
    while (found := _marked(mark)) and time.monotonic() < end_s:
        time.sleep(0.05)
    return len(found)


def _marked(mark: str) -> list[int]:
    wanted = f"{_MARK}={mark}".encode()
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                if wanted in (place / "environ").read_bytes().split(b"\0"):
                    found.append(int(place.name))
            except (OSError, ProcessLookupError):
                continue
    return found
