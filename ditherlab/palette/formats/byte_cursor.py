"""Reading numbers from bytes, with messages that name the byte."""

import struct
from typing import Any

from ditherlab.errors import PaletteError


class ByteCursor:
    """Walk through the bytes of a file and never past their end."""

    def __init__(self, data: bytes, file: str, position: int = 0, end: int | None = None) -> None:
        self.data = data
        self.file = file
        self.position = position
        self.end = len(data) if end is None else end

    @property
    def num_left(self) -> int:
        """Count the bytes that are still to be read."""
        return self.end - self.position

    def numbers(self, form: str, what: str) -> tuple[Any, ...]:
        """Read numbers, spelled as for `struct`.

        Raises:
            PaletteError: If there are too few bytes; the message says of what.

        Example:
            >>> ByteCursor(bytes([0, 7, 9]), "x.aco").numbers(">HB", "a header")
            (7, 9)
        """
        return struct.unpack(form, self.take(struct.calcsize(form), what))

    def take(self, num_bytes: int, what: str) -> bytes:
        """Read bytes as they are.

        Raises:
            PaletteError: If there are too few; the message says of what.
        """
        if num_bytes > self.num_left:
            raise self.error(
                f"{what} must be {num_bytes} bytes, got {max(self.num_left, 0)} before the end. "
                "The file is cut off or damaged: get it again."
            )
        start = self.position
        self.position += num_bytes
        return self.data[start : self.position]

    def part(self, num_bytes: int, what: str) -> "ByteCursor":
        """Set a part of the bytes aside, to be walked through by itself, and go on behind it.

        Raises:
            PaletteError: If there are too few.
        """
        start = self.position
        self.take(num_bytes, what)
        return ByteCursor(self.data, self.file, start, self.position)

    def error(self, message: str, position: int | None = None) -> PaletteError:
        """Make an error that names the file and the byte: `position`, or where the cursor is."""
        byte = self.position if position is None else position
        return PaletteError(f"{self.file}, byte {byte}: {message}")
