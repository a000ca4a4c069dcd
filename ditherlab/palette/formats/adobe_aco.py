"""Adobe's `.aco`, the swatches of Photoshop: version 1, followed by version 2 with names.

Source: Adobe, "Photoshop File Formats Specification", 2019, "Color swatches".
"""

import struct

from ditherlab.errors import PaletteError
from ditherlab.palette.colors import Color, spell_colors
from ditherlab.palette.formats.adobe_act import LENGTHS as ACT_LENGTHS
from ditherlab.palette.formats.byte_cursor import ByteCursor
from ditherlab.palette.formats.other_spaces import (
    cmyk_to_color,
    gray_to_color,
    hsb_to_color,
    lab_to_color,
    rgb_to_color,
)
from ditherlab.palette.formats.palette_format import PaletteFormat, Swatches
from ditherlab.palette.formats.utf16 import decode_utf16, encode_utf16
from ditherlab.palette.palette import Palette

_RGB, _HSB, _CMYK, _LAB, _GRAY = 0, 1, 2, 7, 8
_INK_BOOKS = {3: "Pantone", 4: "Focoltone", 5: "Trumatch", 6: "Toyo", 10: "HKS"}
_FULL = 0xFFFF


def sniff(data: bytes) -> bool:
    """Check the version, and parse the whole file if its length is also that of an `.act`."""
    if data[:2] not in (b"\0\1", b"\0\2"):
        return False
    if len(data) not in ACT_LENGTHS:
        return True
    try:
        parse(data, "")
    except PaletteError:
        return False
    return True


def parse(data: bytes, file: str) -> Swatches:
    """Read version 2, which has names, if the file holds it, else version 1.

    Raises:
        PaletteError: If the file is cut off, or has colors in an unknown color space; the message
            names the byte.
    """
    cursor = ByteCursor(data, file)
    swatches = _part(cursor)
    return _part(cursor) if data[1] == 1 and cursor.num_left else swatches


def _part(cursor: ByteCursor) -> Swatches:
    version, num_colors = cursor.numbers(">HH", "The head of the swatches")
    if version not in (1, 2):
        raise cursor.error(
            f"the version must be 1 or 2, got {version}. Save the swatches again.",
            cursor.position - 4,
        )
    colors, names = [], []
    for _ in range(num_colors):
        colors.append(_color(cursor))
        if version == 2:
            (num_units,) = cursor.numbers(">I", "The length of a name")
            names.append(decode_utf16(cursor.take(2 * num_units, "A name")))
    return Swatches(colors, names=names)


def _color(cursor: ByteCursor) -> Color:
    start = cursor.position
    space, *values = cursor.numbers(">5H", "A color")
    parts = [value / _FULL for value in values]
    if space == _RGB:
        return rgb_to_color(*parts[:3])
    if space == _HSB:
        return hsb_to_color(*parts[:3])
    if space == _CMYK:
        # The file stores the absence of ink: 0 is full ink.
        return cmyk_to_color(*(1 - part for part in parts))
    if space == _LAB:
        a, b = ((value ^ 0x8000) - 0x8000 for value in values[1:3])
        return lab_to_color(values[0] / 100, a / 100, b / 100)
    if space == _GRAY:
        return gray_to_color(values[0] / 10_000)
    known = f"{_INK_BOOKS[space]} inks" if space in _INK_BOOKS else f"color space {space}"
    raise cursor.error(
        f"a color must be RGB, HSB, CMYK, Lab or gray, got {known}. Convert the swatches to RGB.",
        start,
    )


def write(palette: Palette) -> bytes:
    """Write both versions, as Photoshop does; colors without a name are named '#rrggbb'.

    Example:
        >>> write(Palette.from_hex(["#000", "#f80"]))[:14].hex(" ", 2)
        '0001 0002 0000 0000 0000 0000 0000'
    """
    first, second = [struct.pack(">HH", version, len(palette.entries)) for version in (1, 2)]
    for color, name in palette.listed:
        label = name or spell_colors([color])[0]
        entry = struct.pack(">5H", _RGB, *(level * 257 for level in color), 0)
        counted = encode_utf16(label)
        first += entry
        second += entry + struct.pack(">I", len(counted) // 2) + counted
    return first + second


ADOBE_ACO = PaletteFormat(
    "adobe-aco", "Adobe .aco (Photoshop swatches)", (".aco",), sniff, parse, write
)
