"""Silence of C libraries that write to the process's standard error."""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from threading import Lock

_STANDARD_ERROR = 2
_LOCK = Lock()
# Formats that libtiff decodes.
_NOISY_FORMATS = ("TIFF",)


def quiet_decoding(file_format: str | None) -> AbstractContextManager[None]:
    """Silence the C library that decodes a format of Pillow, if it writes to standard error."""
    return silent_c_libraries() if file_format in _NOISY_FORMATS else nullcontext()


@contextmanager
def silent_c_libraries() -> Iterator[None]:
    """Discard what is written to file descriptor 2 inside the block.

    libtiff writes warnings and errors there, and Pillow offers no way to turn that off. Other
    threads must not write to standard error meanwhile.
    """
    with _LOCK:
        try:
            kept = os.dup(_STANDARD_ERROR)
        except OSError:
            # Standard error is closed.
            yield
            return
        try:
            with Path(os.devnull).open("wb") as nowhere:
                os.dup2(nowhere.fileno(), _STANDARD_ERROR)
            yield
        finally:
            with suppress(OSError):
                os.dup2(kept, _STANDARD_ERROR)
            os.close(kept)
