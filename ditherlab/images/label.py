"""How a message calls a file."""

from __future__ import annotations

import os


def path_label(path: str | bytes | os.PathLike[str] | os.PathLike[bytes]) -> str:
    """Spell a path so that it fits into one line of any terminal.

    Example:
        >>> path_label("two\\nlines.png")
        'two?lines.png'
    """
    return printable(os.fsdecode(path))


def printable(text: str) -> str:
    """Replace what no terminal prints, line breaks included, by question marks."""
    return "".join(character if character.isprintable() else "?" for character in text)
