"""Printable file names for messages."""

from __future__ import annotations

import os


def path_label(path: str | bytes | os.PathLike[str] | os.PathLike[bytes]) -> str:
    """Return a path as text that any terminal prints on one line.

    Example:
        >>> path_label("two\\nlines.png")
        'two?lines.png'
    """
    return printable(os.fsdecode(path))


def printable(text: str) -> str:
    """Replace characters that are not printable, line breaks included, by question marks."""
    return "".join(character if character.isprintable() else "?" for character in text)
