"""Standard input and output, which may be closed, full, or a pipe without a reader."""

import os
import sys
from contextlib import suppress
from typing import BinaryIO

import click

from ditherlab.errors import OutputError, PictureError
from ditherlab.naming import escape_controls

STANDARD_STREAM = "-"


def standard_input() -> BinaryIO:
    """Return standard input as a binary stream.

    Raises:
        PictureError: If the program was started without standard input.
    """
    if sys.stdin is None:
        raise PictureError("Standard input is closed. Name a file, or pipe a picture in.")
    return sys.stdin.buffer


def check_standard_output() -> None:
    """Raise an error if standard output is closed.

    Raises:
        OutputError: If the program was started without standard output.
    """
    if sys.stdout is None:
        raise OutputError("Standard output is closed. Name a file instead.")


def check_binary_output() -> None:
    """Raise an error if standard output is closed, or a terminal, which bytes would garble.

    Raises:
        OutputError: In these two cases.
    """
    check_standard_output()
    if sys.stdout.isatty():
        raise OutputError(
            "Standard output is a terminal, which cannot show the bytes of a file. Name a file, or "
            "redirect: `-o - > picture.png`."
        )


def write_to_stderr(text: str) -> None:
    """Write a message and a line break to standard error, if it can be written.

    A message that nobody can read, because standard error is closed or full or its terminal is
    gone, must not end the work that it is about.
    """
    with suppress(OSError, ValueError):
        click.echo(escape_controls(text), err=True)


def write_to_stdout(data: str | bytes) -> None:
    """Write text with a line break, or bytes without one.

    Raises:
        OutputError: If standard output cannot be written.
    """
    try:
        if isinstance(data, str):
            click.echo(_encodable(escape_controls(data)))
        elif sys.stdout.isatty():
            # A palette file, whose names may be meant for the terminal.
            text = data.decode(errors="backslashreplace").replace("\r\n", "\n")
            click.echo(_encodable(escape_controls(text)), nl=False)
        else:
            click.echo(data, nl=False)
    except OSError as error:
        raise stdout_error(error) from error


def write_swatches(text: str) -> None:
    """Write text that colors the terminal; texts of files in it must be escaped already.

    Raises:
        OutputError: If standard output cannot be written.
    """
    try:
        click.echo(_encodable(text))
    except OSError as error:
        raise stdout_error(error) from error


def _encodable(text: str) -> str:
    """Escape the characters that the encoding of standard output lacks."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def stdout_error(error: OSError) -> OutputError:
    """Return the reason why standard output failed, and discard all later output."""
    with suppress(OSError):
        # Without this, Python would try to flush the buffer again at exit, and fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError):
        return OutputError("Standard output was closed before everything was written.")
    reason = (error.strerror or str(error)).lower()
    return OutputError(f"Standard output cannot be written: {reason}.")
