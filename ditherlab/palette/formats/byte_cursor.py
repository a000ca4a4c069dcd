"""Reading of binary files, with error messages that name the byte."""

import struct
from typing import Any

from ditherlab.errors import PaletteError


class ByteCursor:
    """A position in the bytes of a file; reads never go past the end."""

    def __init__(self, data: bytes, file: str, position: int = 0, end: int | None = None) -> None:
        self.data = data
        self.file = file
        self.position = position
        self.end = len(data) if end is None else end

    @property
    def num_left(self) -> int:
        """Number of bytes that are left to read."""
        return self.end - self.position

    def numbers(self, form: str, what: str) -> tuple[Any, ...]:
        """Read numbers in a format of `struct`.

        Raises:
            PaletteError: If there are too few bytes; the message names `what`.

        Example:
            >>> ByteCursor(bytes([0, 7, 9]), "x.aco").numbers(">HB", "a header")
            (7, 9)
        """
        return struct.unpack(form, self.take(struct.calcsize(form), what))

    def take(self, num_bytes: int, what: str) -> bytes:
        """Read raw bytes.

        Raises:
            PaletteError: If there are too few; the message names `what`.
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
        """Return a cursor over the next bytes, and move this one behind them.

        Raises:
            PaletteError: If there are too few.
        """
        start = self.position
        self.take(num_bytes, what)
        return ByteCursor(self.data, self.file, start, self.position)

    def error(self, message: str, position: int | None = None) -> PaletteError:
        """Make an error that names the file and a byte: `position`, or the current position."""
        byte = self.position if position is None else position
        return PaletteError(f"{self.file}, byte {byte}: {message}")
