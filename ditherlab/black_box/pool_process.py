"""The first steps of a process in a pool; loads nothing before its watcher runs."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from multiprocessing import parent_process
from typing import TYPE_CHECKING

from ditherlab.black_box.watcher import start_watcher

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


def set_up(lifeline: Connection[None, None]) -> None:
    """Tie this process to the life of the one that started it, and use one thread of torch.

    Args:
        lifeline: The end to read of a pipe. When its other end is closed, this process ends.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    owner = parent_process()
    if os.name == "posix" and owner is not None and owner.pid is not None:
        start_watcher(os.dup(lifeline.fileno()), owner.pid)
    else:
        threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()
    os.environ["OMP_NUM_THREADS"] = "1"

    import torch

    torch.set_num_threads(1)


def _end_with(lifeline: Connection[None, None]) -> None:
    """End this process as soon as the other end of the pipe is closed."""
    with suppress(EOFError, OSError):
        lifeline.recv()
    os._exit(1)
