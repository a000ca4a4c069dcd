"""A worker process: it may hang or crash, and the run survives."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from multiprocessing.connection import Connection, wait

from ditherlab.black_box.deadline import check_deadline
from ditherlab.black_box.messages import Costs, Failure, Load, Ready, Reply, Started, TensorCosts
from ditherlab.errors import CodeError, DitherlabError, ObjectiveError

POLL_INTERVAL_S = 0.02
_EXIT_TIMEOUT_S = 1.0

# A worker uses the search path of this process. Unlike the workers of `multiprocessing`, it does
# not import the main module, so scripts need no `if __name__ == "__main__"` guard.
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[4]); "
    "from ditherlab.black_box.watcher import start_watcher; "
    "start_watcher(int(sys.argv[2]), int(sys.argv[3])); "
    "from ditherlab.black_box.worker import work; work(int(sys.argv[1]))"
)

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_STANDARD_ERROR = 2


class WorkerProcess:
    """A process that loads Python code, and then answers requests about it.

    Args:
        load: The code to load.
        num_threads: The number of threads that it computes with.
    """

    def __init__(self, load: Load, num_threads: int = 1) -> None:
        self._load = load
        self._is_loaded = False
        with _explaining():
            ours, theirs = socket.socketpair()
            with ours, theirs:
                self.process = _start_process(theirs, num_threads)
                self.connection = Connection(ours.detach())

    def send(self, message: object) -> None:
        """Send a message.

        Raises:
            CodeError: If the process has ended before its code was loaded.
            ObjectiveError: If the process has ended.
        """
        try:
            self.connection.send(message)
        except OSError:
            raise self._exit_error() from None

    def receive(self) -> Ready | Costs | TensorCosts | None:
        """Receive one reply; None if the process has only started.

        Raises:
            DitherlabError: If the code failed, or the process has ended.
        """
        if self.has_ended():
            # A process that the function started may still hold the connection open.
            raise self._exit_error()
        try:
            reply: Reply = self.connection.recv()
        except (EOFError, OSError):
            raise self._exit_error() from None
        if isinstance(reply, Failure):
            raise reply.error()
        if isinstance(reply, Started):
            # Sending earlier could block: Python does not read the socket while it starts.
            self.send(self._load)
            return None
        self._is_loaded = True
        return reply

    def wait_for_reply(self) -> Ready | Costs | TensorCosts:
        """Wait for the next reply.

        Raises:
            DitherlabError: If the code failed, or the process has ended.
            DeadlineError: If the deadline passes first.
        """
        while True:
            check_deadline()
            if wait([self.connection], POLL_INTERVAL_S) or self.has_ended():
                reply = self.receive()
                if reply is not None:
                    return reply

    def has_ended(self) -> bool:
        """Return True if the process has ended and no reply is left to read."""
        return self.process.poll() is not None and not self.connection.poll()

    def _exit_error(self) -> DitherlabError:
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_EXIT_TIMEOUT_S)
        code = self.process.returncode
        if code is None:
            reported = "closed its connection"
        elif code < 0:
            reported = f"was ended by {_spell_signal(-code)}"
        else:
            reported = f"ended with exit code {code}"
        words = self._load.source.words
        if self._is_loaded:
            return ObjectiveError(f"`{words}`: the process that computes it {reported}.")
        return CodeError(
            f"`{words}`: the process that loads '{self._load.source.location}' {reported}."
        )


def _spell_signal(number: int) -> str:
    # Most real-time signals have no name.
    with suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"


def end_processes(workers: Iterable[WorkerProcess]) -> None:
    """End processes, and those that they have started."""
    ended = list(workers)
    for worker in ended:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(worker.process.pid, signal.SIGKILL)
    for worker in ended:
        worker.connection.close()
        worker.process.wait()


@contextmanager
def closing_on_error(close: Callable[[], None]) -> Iterator[None]:
    """End all workers if the block fails: some may still compute what is no longer needed.

    Raises:
        ObjectiveError: In place of `CodeError`: the code was loaded when the objective was made,
            but cannot be loaded again.
    """
    try:
        yield
    except CodeError as error:
        close()
        raise ObjectiveError(str(error)) from error
    except BaseException:
        close()
        raise


def can_start_processes() -> bool:
    """Return whether this system can start worker processes."""
    return os.name == "posix"


def _start_process(theirs: socket.socket, num_threads: int) -> "subprocess.Popen[bytes]":
    if not can_start_processes():
        raise ObjectiveError(
            "Python functions need Linux or macOS: they run in processes that cannot be started on "
            "other systems."
        )
    import fcntl

    # Standard output may be a picture, so anything the function prints goes to standard error.
    output = subprocess.DEVNULL if sys.__stderr__ is None else _STANDARD_ERROR
    passed: list[int] = []
    try:
        for descriptor in (theirs.fileno(), _lifeline(os.getpid())):
            passed.append(fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _STANDARD_ERROR + 1))
        return subprocess.Popen(
            [
                sys.executable,
                "-c",
                _START,
                *map(str, passed),
                str(os.getpid()),
                json.dumps([str(place) for place in sys.path]),
            ],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **dict.fromkeys(_THREAD_VARIABLES, str(num_threads))},
            pass_fds=passed,
            # In its own process group, Ctrl-C does not reach it, and its children end with it.
            process_group=0,
        )
    finally:
        for descriptor in passed:
            os.close(descriptor)


@contextmanager
def _explaining() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ObjectiveError(f"No worker process could be started: {reason}.") from error


@cache
def _lifeline(process: int) -> int:
    """Return the end to read of a pipe whose other end stays open until this process ends."""
    del process
    reading, _ = os.pipe()
    return reading
