"""Adobe's `.act`, the color table of Photoshop: 256 times three bytes, without a header.

Source: Adobe, "Photoshop File Formats Specification", 2019, "Color Table".
"""

import struct

from ditherlab.palette.formats.byte_cursor import ByteCursor
from ditherlab.palette.formats.palette_format import PaletteFormat, Swatches
from ditherlab.palette.formats.text_lines import is_text
from ditherlab.palette.palette import MAX_NUM_COLORS, Palette

_NUM_TABLE_BYTES = 3 * MAX_NUM_COLORS

# Without and with a trailer of the number of colors and the transparent index.
LENGTHS = (_NUM_TABLE_BYTES, _NUM_TABLE_BYTES + 4)

_NONE_TRANSPARENT = 0xFFFF
# A palette of VGA nearly always reaches near white; a dark table of 8 bits rarely stops there.
_VGA_BRIGHT, _VGA_TOP = 48, 63
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\f\r"))


def sniff(data: bytes) -> bool:
    """Check the length, and that the file is not a text that has this length by chance."""
    if len(data) not in LENGTHS:
        return False
    return len(data) != len(data.translate(None, delete=_CONTROLS)) or not is_text(data)


def parse(data: bytes, file: str) -> Swatches:
    """Read the colors of the table; a transparent one keeps its place.

    A table whose brightest level is 48 to 63 is a palette of VGA, which has 6 bits a channel.

    Raises:
        PaletteError: If the number of colors is invalid; the message names the byte.
    """
    cursor = ByteCursor(data, file)
    table = cursor.take(_NUM_TABLE_BYTES, "The table")
    num_colors, transparent = MAX_NUM_COLORS, _NONE_TRANSPARENT
    if cursor.num_left:
        num_colors, transparent = cursor.numbers(">HH", "The number of colors")
        if num_colors > MAX_NUM_COLORS:
            raise cursor.error(
                f"the number of colors must be at most {MAX_NUM_COLORS}, got {num_colors}. Save "
                "the palette again.",
                _NUM_TABLE_BYTES,
            )
    notes: tuple[str, ...] = ()
    if len(data) == _NUM_TABLE_BYTES and _VGA_BRIGHT <= max(table) <= _VGA_TOP:
        table = bytes(level << 2 | level >> 4 for level in table)
        notes = ("No level exceeds 63, so the file was read as a 6-bit palette of VGA.",)
    entries = struct.iter_unpack("3B", table[: 3 * num_colors])
    colors = [
        (red, green, blue, 0 if index == transparent else 255)
        for index, (red, green, blue) in enumerate(entries)
    ]
    return Swatches.with_alpha(colors, notes=notes)


def write(palette: Palette) -> bytes:
    """Write a table with its number of colors and its transparent entry, if there is one.

    Example:
        >>> table = write(Palette.from_hex(["#000", "#f80"]))
        >>> len(table), table[:6], table[-4:]
        (772, b'\\x00\\x00\\x00\\xff\\x88\\x00', b'\\x00\\x02\\xff\\xff')
    """
    table = b"".join(bytes(color) for color, _ in palette.listed_with_transparent).ljust(
        _NUM_TABLE_BYTES, b"\0"
    )
    transparent = _NONE_TRANSPARENT if palette.transparent is None else palette.transparent
    return table + struct.pack(">HH", len(palette.entries), transparent)


ADOBE_ACT = PaletteFormat("adobe-act", "Adobe .act (color table)", (".act",), sniff, parse, write)
