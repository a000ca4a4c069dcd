"""Processes of this machine that run cells, a core each."""

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.synchronize import Event

from ditherlab.patience import limited_patience

# What a worker holds as long as it lives.
_held = ExitStack()


@contextmanager
def local_pool(num_workers: int) -> Iterator[Executor]:
    """Start processes with one thread of torch each; at the end of the block, they stop at once.

    Cells that run then are abandoned at their next step. If this process is killed, they end, too.
    """
    context = get_context("spawn")
    end = context.Event()
    pool = ProcessPoolExecutor(num_workers, context, _set_up, (end,))
    try:
        with _deaf_to_interrupts():
            for _ in range(num_workers):
                pool.submit(os.getpid)
        yield pool
    finally:
        end.set()
        pool.shutdown(wait=True, cancel_futures=True)


def num_cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Start processes that ignore Ctrl-C from their first moment: only this one acts on it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _set_up(end: Event) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    os.environ["OMP_NUM_THREADS"] = "1"

    import torch

    torch.set_num_threads(1)
    _held.enter_context(limited_patience(end.is_set))


def _die_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        # Nobody is left who could take a result.
        os._exit(1)
