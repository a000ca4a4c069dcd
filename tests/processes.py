"""Processes in tests: whether one runs, and waiting for what another process does."""

import time
from collections.abc import Callable
from pathlib import Path

# Nothing takes long, but the machine may be busy.
TIMEOUT_S = 120


def is_running(process: int) -> bool:
    """Return whether a process runs; one that waits to be reaped does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    end_s = time.monotonic() + TIMEOUT_S
    while not is_so():
        assert time.monotonic() < end_s
        time.sleep(0.01)
