"""A pool of local processes that run cells, one core each."""

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context

from ditherlab.black_box.pool_process import set_up
from ditherlab.errors import ProcessError


@contextmanager
def local_pool(num_workers: int) -> Iterator[Executor]:
    """Start processes with one torch thread each, and end them at once when the block ends.

    Cells that still run then are abandoned. The processes, and those that they have started, also
    end when this one is killed.

    Raises:
        ProcessError: If no process can be started.
    """
    context = get_context("spawn")
    with ExitStack() as stack:
        with _explaining():
            lifeline, end = context.Pipe(duplex=False)
            stack.callback(lifeline.close)
            stack.callback(end.close)
            pool = ProcessPoolExecutor(num_workers, context, set_up, (lifeline,))
            # Closing the end first kills the processes, so that the pool need not wait for them.
            stack.callback(pool.shutdown, wait=True, cancel_futures=True)
            stack.callback(end.close)
            with _ignoring_interrupts():
                for _ in range(num_workers):
                    pool.submit(os.getpid)
        yield pool


@contextmanager
def _explaining() -> Iterator[None]:
    """Explain why processes or the threads that manage them cannot be started."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise ProcessError(
            f"No worker process could be started: {reason}. Run fewer at once by --jobs."
        ) from error


def num_cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _ignoring_interrupts() -> Iterator[None]:
    """Ignore Ctrl-C in the block, so that processes started in it ignore it from the start."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
