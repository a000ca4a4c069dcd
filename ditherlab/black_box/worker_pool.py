"""Worker processes for one function: if it hangs or crashes, the run survives."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import weakref
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING

from ditherlab.black_box.deadline import check_deadline
from ditherlab.black_box.function_source import FunctionSource
from ditherlab.black_box.worker import Assignment, Costs, Failure, Ready, Reply, Started
from ditherlab.errors import ObjectiveError

if TYPE_CHECKING:
    from ditherlab.black_box.arrays import Masks, Planes

_POLL_INTERVAL_S = 0.02
_EXIT_TIMEOUT_S = 1.0

# A worker uses the search path of this process. Unlike the workers of `multiprocessing`, it does
# not import the main module, so scripts need no `if __name__ == "__main__"` guard.
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[2]); "
    "from ditherlab.black_box.worker import work; work(int(sys.argv[1]))"
)

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_STANDARD_ERROR = 2


@dataclass(frozen=True)
class Part:
    """Pictures that are priced together.

    Attributes:
        pictures: Pictures in 8 bits a channel.
        places: The index of each picture's target.
    """

    pictures: Planes
    places: list[int]


class _Worker:
    """One worker process and its state."""

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        ours, theirs = socket.socketpair()
        with ours, theirs:
            self.process = _start_process(theirs)
            self.connection = Connection(ours.detach())
        self.is_free = False
        self.part_number: int | None = None

    def ask(self, number: int, part: Part) -> None:
        """Send a part to the worker to be priced."""
        self.is_free, self.part_number = False, number
        self._send((part.pictures, part.places))

    def receive(self) -> list[float] | None:
        """Receive one reply; return its costs, or None if it holds none.

        Raises:
            ObjectiveError: If the function failed, or the process has ended.
        """
        if self.has_ended():
            # A process that the function started may still hold the connection open.
            raise self._exit_error()
        try:
            reply: Reply = self.connection.recv()
        except (EOFError, OSError):
            raise self._exit_error() from None
        if isinstance(reply, Failure):
            raise ObjectiveError(reply.message)
        if isinstance(reply, Started):
            # Sending earlier could block: Python does not read the socket while it starts.
            self._send(self._assignment)
        self.is_free = isinstance(reply, Ready | Costs)
        return reply.costs if isinstance(reply, Costs) else None

    def has_ended(self) -> bool:
        """Return True if the process has ended and no reply is left to read."""
        return self.process.poll() is not None and not self.connection.poll()

    def _send(self, message: object) -> None:
        try:
            self.connection.send(message)
        except OSError:
            raise self._exit_error() from None

    def _exit_error(self) -> ObjectiveError:
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_EXIT_TIMEOUT_S)
        code = self.process.returncode
        if code is None:
            reported = "closed its connection"
        elif code < 0:
            reported = f"was ended by {signal.Signals(-code).name}"
        else:
            reported = f"ended with exit code {code}"
        return ObjectiveError(
            f"`{self._assignment.source.words}`: the process that computes it {reported}."
        )


class WorkerPool:
    """A pool of worker processes for one function, at most one for each core.

    The workers start at the first request. After an error, all of them are ended, and the next
    request starts new ones. They also end when the pool is garbage-collected or the program ends.
    """

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self._workers: list[_Worker] = []
        self._end = weakref.finalize(self, _end_workers, self._workers)

    @classmethod
    def of(cls, source: FunctionSource, targets: Planes, opaque: Masks) -> "WorkerPool":
        """Make a pool for a function and its targets; no process is started yet."""
        return cls(Assignment(source, targets, opaque))

    def price(self, parts: Sequence[Part]) -> list[float]:
        """Price pictures, several parts at a time; the costs are in the order of the pictures.

        Raises:
            ObjectiveError: If the function fails, or its process ends.
            DeadlineError: If the deadline passes first.
        """
        try:
            while len(self._workers) < min(len(parts), num_cores()):
                self._workers.append(_Worker(self._assignment))
            found = self._collect(parts)
        except BaseException:
            # Some workers may still be computing costs that are no longer needed.
            self.close()
            raise
        return [cost for costs in found for cost in costs]

    def close(self) -> None:
        """End all workers."""
        _end_workers(self._workers)

    def _collect(self, parts: Sequence[Part]) -> list[list[float]]:
        found: dict[int, list[float]] = {}
        left = iter(enumerate(parts))
        self._distribute(left)
        while len(found) < len(parts):
            check_deadline()
            for worker in self._wait():
                costs = worker.receive()
                if costs is not None and worker.part_number is not None:
                    found[worker.part_number] = costs
            self._distribute(left)
        return [found[number] for number in range(len(parts))]

    def _distribute(self, parts: Iterable[tuple[int, Part]]) -> None:
        for worker in self._workers:
            if worker.is_free:
                number_and_part = next(iter(parts), None)
                if number_and_part is None:
                    return
                worker.ask(*number_and_part)

    def _wait(self) -> list[_Worker]:
        """Wait up to the poll interval; return the workers that have replied or ended."""
        ready = wait([w.connection for w in self._workers], _POLL_INTERVAL_S)
        return [w for w in self._workers if w.connection in ready or w.has_ended()]


def num_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _start_process(theirs: socket.socket) -> "subprocess.Popen[bytes]":
    try:
        import fcntl
    except ImportError:
        raise ObjectiveError(
            "Functions that torch cannot differentiate need Linux or macOS: they run in processes "
            "that cannot be started on other systems."
        ) from None

    # Standard output may be a picture, so anything the function prints goes to standard error.
    output = subprocess.DEVNULL if sys.__stderr__ is None else _STANDARD_ERROR
    descriptor = fcntl.fcntl(theirs, fcntl.F_DUPFD_CLOEXEC, _STANDARD_ERROR + 1)
    try:
        return subprocess.Popen(
            [
                sys.executable,
                "-c",
                _START,
                str(descriptor),
                json.dumps([str(place) for place in sys.path]),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **dict.fromkeys(_THREAD_VARIABLES, "1")},
            pass_fds=(descriptor,),
            # In its own process group, Ctrl-C does not reach it, and its children end with it.
            process_group=0,
        )
    except OSError as error:
        raise ObjectiveError(f"No worker process could be started: {error.strerror}.") from error
    finally:
        os.close(descriptor)


def _end_workers(workers: list[_Worker]) -> None:
    for worker in workers:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(worker.process.pid, signal.SIGKILL)
    while workers:
        worker = workers.pop()
        worker.connection.close()
        worker.process.wait()
