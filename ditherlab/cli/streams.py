"""Standard input and output, which may be closed, full, or a pipe without a reader."""

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

import click

from ditherlab.errors import OutputError, PictureError

if TYPE_CHECKING:
    from ditherlab.images import Picture

STANDARD_STREAM = "-"


def standard_input() -> BinaryIO:
    """Return standard input as a binary stream.

    Raises:
        PictureError: If the program was started without standard input.
    """
    if sys.stdin is None:
        raise PictureError("Standard input is closed. Name a file, or pipe a picture in.")
    return sys.stdin.buffer


def read_source(source: str) -> "Picture":
    """Read the source picture of a command; `-` is standard input.

    Raises:
        PictureError: If the source is not a picture.
    """
    from ditherlab.images import read_picture

    return read_picture(standard_input() if source == STANDARD_STREAM else source)


def check_standard_output() -> None:
    """Raise an error if standard output is closed.

    Raises:
        OutputError: If the program was started without standard output.
    """
    if sys.stdout is None:
        raise OutputError("Standard output is closed. Name a file instead.")


def write_to_stdout(data: str | bytes) -> None:
    """Write text with a line break, or bytes without one.

    Raises:
        OutputError: If standard output cannot be written.
    """
    try:
        click.echo(data, nl=isinstance(data, str))
    except OSError as error:
        raise stdout_error(error) from error


def stdout_error(error: OSError) -> OutputError:
    """Return the reason why standard output failed, and discard all later output."""
    with suppress(OSError):
        # Without this, Python would try to flush the buffer again at exit, and fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return OutputError("Standard output was closed before everything was written.")
    reason = (error.strerror or str(error)).lower()
    return OutputError(f"Standard output cannot be written: {reason}.")
