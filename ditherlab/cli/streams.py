"""Standard input and output, which may be closed, full, or a pipe that nobody reads from."""

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
    """Return the stream that a picture can be read from.

    Raises:
        PictureError: If the program was started without one.
    """
    if sys.stdin is None:
        raise PictureError("Standard input is closed. Name a file, or pipe a picture in.")
    return sys.stdin.buffer


def read_source(source: str) -> "Picture":
    """Read the picture that a command line names; `-` is standard input.

    Raises:
        PictureError: For a source that is no picture.
    """
    from ditherlab.images import read_picture

    return read_picture(standard_input() if source == STANDARD_STREAM else source)


def check_standard_output() -> None:
    """Refuse to begin what nobody could receive.

    Raises:
        OutputError: If the program was started without standard output.
    """
    if sys.stdout is None:
        raise OutputError("Standard output is closed. Name a file instead.")


def write_to_stdout(data: str | bytes) -> None:
    """Write a line of text, or bytes as they are, all of it at once.

    Raises:
        OutputError: If standard output does not take it.
    """
    try:
        click.echo(data, nl=isinstance(data, str))
    except OSError as error:
        raise stdout_error(error) from error


def stdout_error(error: OSError) -> OutputError:
    """Say why standard output did not take what was written, and give up on it."""
    with suppress(OSError):
        # What is left in the buffer can go nowhere; without this, Python would try at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return OutputError("Standard output was closed before everything was written.")
    reason = (error.strerror or str(error)).lower()
    return OutputError(f"Standard output cannot be written: {reason}.")
