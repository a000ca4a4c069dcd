"""Standard output while code of the user's own runs in this process."""

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

_STDOUT, _STDERR = 1, 2


class _Diversion:
    """Standard output, diverted to standard error as long as any thread wants it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._depth = 0
        self._stream: Any = None
        self._descriptor: int | None = None

    def begin(self) -> None:
        with self._lock:
            self._depth += 1
            if self._depth == 1:
                _flush()
                self._stream, sys.stdout = sys.stdout, sys.stderr
                self._descriptor = _divert()

    def end(self) -> None:
        with self._lock:
            self._depth -= 1
            if self._depth == 0:
                _flush()
                sys.stdout = self._stream
                if self._descriptor is not None:
                    os.dup2(self._descriptor, _STDOUT)
                    os.close(self._descriptor)


_diversion = _Diversion()


@contextmanager
def nothing_on_stdout() -> Iterator[None]:
    """Send what the block prints to standard error, also if C code or a child process prints it."""
    _diversion.begin()
    try:
        yield
    finally:
        _diversion.end()


def _divert() -> int | None:
    """Make descriptor 1 the same as 2; return a copy of what it was, None if it is closed."""
    try:
        before = os.dup(_STDOUT)
    except OSError:
        return None
    try:
        os.dup2(_STDERR, _STDOUT)
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, _STDOUT)
        os.close(nowhere)
    return before


def _flush() -> None:
    """Write what Python and the C library have buffered to where standard output leads now."""
    for stream in (sys.stdout, sys.__stdout__):
        with suppress(AttributeError, OSError, ValueError):
            stream.flush()  # type: ignore[union-attr]
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).fflush(None)
