"""Processes of this machine that run cells, a core each."""

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection


@contextmanager
def local_pool(num_workers: int) -> Iterator[Executor]:
    """Start processes with one thread of torch each; at the end of the block, they end at once.

    Cells that run then are given up. The processes also end when this one is killed.
    """
    context = get_context("spawn")
    leash, end = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(num_workers, context, _set_up, (leash,))
    try:
        with _deaf_to_interrupts():
            for _ in range(num_workers):
                pool.submit(os.getpid)
        yield pool
    finally:
        end.close()
        pool.shutdown(wait=True, cancel_futures=True)
        leash.close()


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


def _set_up(leash: "Connection[None, None]") -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(leash,), daemon=True).start()
    os.environ["OMP_NUM_THREADS"] = "1"

    import torch

    torch.set_num_threads(1)


def _end_with(leash: "Connection[None, None]") -> None:
    """End this process as soon as nobody holds the other end, whatever it is doing."""
    with suppress(EOFError, OSError):
        leash.recv()
    os._exit(1)
