"""Printable file names for messages."""

from __future__ import annotations

import os

from ditherlab.naming import escape_character


def path_label(path: str | bytes | os.PathLike[str] | os.PathLike[bytes]) -> str:
    """Return a path as text that any terminal prints on one line.

    Example:
        >>> path_label("two\\nlines.png")
        'two\\\\nlines.png'
    """
    return printable(os.fsdecode(path))


def printable(text: str) -> str:
    """Write characters that are not printable, line breaks included, as escapes."""
    return "".join(
        character if character.isprintable() else escape_character(character) for character in text
    )
