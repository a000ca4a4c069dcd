"""Faults for tests: one call by which the program writes a file or starts a process fails."""

import _posixsubprocess
import builtins
import errno
import io
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

_ERRORS = {
    "open": errno.EMFILE,
    "write": errno.ENOSPC,
    "flush": errno.EIO,
    "close": errno.EDQUOT,
    "fsync": errno.EIO,
    "fsync_folder": errno.EINVAL,
    "replace": errno.EACCES,
    "rename": errno.EACCES,
    "link": errno.EPERM,
    "pipe": errno.EMFILE,
    "socketpair": errno.ENFILE,
    "fork_exec": errno.EAGAIN,
    "stdout": errno.ENOSPC,
    "stderr": errno.ENOSPC,
}


class Faults:
    """Counts calls, and lets one of them fail; a write that fails has written half of its data.

    Attributes:
        fail_at: The number of the call that fails; None for none.
        only: The names of the calls that count; None for all.
        action: What happens at this call, before it is made; by default, it raises.
        fails_always: Whether every call fails.
        calls: The names of the calls so far.
    """

    def __init__(
        self,
        fail_at: int | None = None,
        only: Container[str] | None = None,
        action: Callable[[str], None] | None = None,
        *,
        fails_always: bool = False,
    ) -> None:
        self.fail_at, self.only = fail_at, only
        self.action = action or _raise
        self.fails_always = fails_always
        self.calls: list[str] = []

    @property
    def failed(self) -> str | None:
        """The name of the call that failed; None if none did."""
        has_failed = self.fail_at is not None and self.fail_at < len(self.calls)
        return self.calls[self.fail_at or 0] if has_failed else None

    def fails(self, name: str) -> bool:
        """Count a call; return whether it is the one to fail."""
        if self.only is not None and name not in self.only:
            return False
        self.calls.append(name)
        return self.fails_always or len(self.calls) - 1 == self.fail_at

    def check(self, name: str) -> None:
        """Count a call, and let it fail if it is the one."""
        if self.fails(name):
            self.action(name)

    @contextmanager
    def active(self) -> Iterator["Faults"]:
        """Count and fail the calls inside the block."""
        with (
            patch.object(io, "open", self._opening(io.open)),
            patch.object(builtins, "open", self._opening(builtins.open)),
            patch.object(os, "fsync", self._syncing(os.fsync)),
            patch.object(os, "replace", self._wrap("replace", os.replace)),
            patch.object(os, "rename", self._wrap("rename", os.rename)),
            patch.object(os, "link", self._wrap("link", os.link)),
            patch.object(os, "pipe", self._wrap("pipe", os.pipe)),
            patch.object(socket, "socketpair", self._wrap("socketpair", socket.socketpair)),
            patch.object(
                subprocess, "_fork_exec", self._wrap("fork_exec", _posixsubprocess.fork_exec)
            ),
            patch.object(
                _posixsubprocess, "fork_exec", self._wrap("fork_exec", _posixsubprocess.fork_exec)
            ),
            patch.object(sys, "stdout", self._stream("stdout", sys.stdout)),
            patch.object(sys, "stderr", self._stream("stderr", sys.stderr)),
        ):
            yield self

    def _wrap(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            self.check(name)
            return function(*arguments, **options)

        return call

    def _syncing(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(descriptor: int) -> None:
            is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
            self.check("fsync_folder" if is_folder else "fsync")
            function(descriptor)

        return call

    def _opening(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
            if not set(mode) & set("wxa+") or isinstance(file, int):
                return function(file, mode, *arguments, **options)
            self.check("open")
            return _File(function(file, mode, *arguments, **options), self)

        return call

    def _stream(self, name: str, stream: Any) -> io.TextIOWrapper:
        raw = _Stream(name, stream.buffer, self)
        return io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8", errors="strict")


class _File:
    """A file whose writes are counted."""

    def __init__(self, file: Any, faults: Faults) -> None:
        self._file, self._faults = file, faults

    def write(self, data: Any) -> int:
        if self._faults.fails("write"):
            half = len(data) // 2
            self._file.write(data[:half])
            self._file.flush()
            self._faults.action("write")
            return half + int(self._file.write(data[half:]))
        return int(self._file.write(data))

    def flush(self) -> None:
        self._faults.check("flush")
        self._file.flush()

    def close(self) -> None:
        self._file.close()
        self._faults.check("close")

    def __enter__(self) -> "_File":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


class _Stream(io.RawIOBase):
    """A standard stream whose writes are counted."""

    def __init__(self, name: str, buffer: Any, faults: Faults) -> None:
        super().__init__()
        self._name, self._buffer, self._faults = name, buffer, faults

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if data:
            self._faults.check(self._name)
        return int(self._buffer.write(bytes(data)))


def _raise(name: str) -> None:
    raise OSError(_ERRORS[name], os.strerror(_ERRORS[name]))
