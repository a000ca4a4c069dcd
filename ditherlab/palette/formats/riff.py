"""Microsoft's RIFF `.pal`: a LOGPALETTE in a RIFF chunk.

Source: Microsoft and IBM, "Multimedia Programming Interface and Data Specifications 1.0", 1991,
chapter 2, "Palette File Format".
"""

import struct

from ditherlab.palette.formats.byte_cursor import ByteCursor
from ditherlab.palette.formats.palette_format import PaletteFormat, Swatches
from ditherlab.palette.palette import Palette

_VERSION = 0x300


def sniff(data: bytes) -> bool:
    """Look for a RIFF file that holds a palette."""
    return data.startswith(b"RIFF") and data[8:12] == b"PAL "


def parse(data: bytes, file: str) -> Swatches:
    """Read the colors of the first palette.

    Raises:
        PaletteError: If the file is cut off or holds no palette; the message names the byte.
    """
    cursor = ByteCursor(data, file, position=12)
    while cursor.num_left:
        kind, num_bytes = cursor.numbers("<4sI", "The head of a chunk")
        chunk = cursor.part(num_bytes, "A chunk")
        if kind == b"data":
            return _palette(chunk)
        # A chunk of odd length is followed by one byte of padding.
        if num_bytes % 2 and cursor.num_left:
            cursor.take(1, "Padding")
    raise cursor.error("the file must hold a chunk `data`, got none. Save the palette again.")


def _palette(chunk: ByteCursor) -> Swatches:
    version, num_colors = chunk.numbers("<HH", "The head of the palette")
    if version != _VERSION:
        raise chunk.error(
            f"the version must be {_VERSION:#06x}, got {version:#06x}. Save the palette again.",
            chunk.position - 4,
        )
    entries = chunk.take(4 * num_colors, f"{num_colors} colors")
    return Swatches(
        [(red, green, blue) for red, green, blue, _ in struct.iter_unpack("4B", entries)]
    )


def write(palette: Palette) -> bytes:
    """Write a palette with four bytes per color.

    Example:
        >>> write(Palette.from_hex(["#000", "#f80"]))[:24]
        b'RIFF\\x18\\x00\\x00\\x00PAL data\\x0c\\x00\\x00\\x00\\x00\\x03\\x02\\x00'
    """
    entries = b"".join(bytes([*color, 0]) for color, _ in palette.listed)
    chunk = struct.pack("<HH", _VERSION, len(palette.entries)) + entries
    body = b"PAL data" + struct.pack("<I", len(chunk)) + chunk
    return b"RIFF" + struct.pack("<I", len(body)) + body


RIFF = PaletteFormat("riff", "RIFF .pal (Microsoft)", (".pal",), sniff, parse, write)
