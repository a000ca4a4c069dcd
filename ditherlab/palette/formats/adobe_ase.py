"""Adobe Swatch Exchange, `.ase`: blocks of named colors in groups.

Source: Olivier Berten, "Adobe Swatch Exchange (.ase)", Selapa, http://www.selapa.net/swatches/.
"""

import math
import struct

from ditherlab.palette.colors import Color, spell_colors
from ditherlab.palette.formats.byte_cursor import ByteCursor
from ditherlab.palette.formats.other_spaces import (
    cmyk_to_color,
    gray_to_color,
    lab_to_color,
    rgb_to_color,
)
from ditherlab.palette.formats.palette_format import PaletteFormat, Swatches
from ditherlab.palette.formats.utf16 import decode_utf16, encode_utf16
from ditherlab.palette.palette import Palette

_MAGIC = b"ASEF"
_GROUP_START, _GROUP_END, _COLOR = 0xC001, 0xC002, 0x0001
_NUM_VALUES = {b"RGB ": 3, b"CMYK": 4, b"LAB ": 3, b"Gray": 1, b"GRAY": 1}

# The color type "normal": neither a spot color nor a global one.
_NORMAL = 2


def sniff(data: bytes) -> bool:
    """Look for Adobe's first four bytes."""
    return data.startswith(_MAGIC)


def parse(data: bytes, file: str) -> Swatches:
    """Read the colors of all groups; the first group's name is that of the palette.

    Raises:
        PaletteError: If the file is cut off, or the color space of a color is unknown; the message
            names the byte.
    """
    cursor = ByteCursor(data, file, position=len(_MAGIC))
    _, _, num_blocks = cursor.numbers(">HHI", "The head")
    palette_name, colors, names = "", [], []
    for _ in range(num_blocks):
        kind, num_bytes = cursor.numbers(">HI", "The head of a block")
        block = cursor.part(num_bytes, "A block")
        if kind == _GROUP_START:
            palette_name = palette_name or _name(block)
        elif kind == _COLOR:
            names.append(_name(block))
            colors.append(_color(block))
    return Swatches(colors, palette_name, names)


def _name(block: ByteCursor) -> str:
    (num_units,) = block.numbers(">H", "The length of a name")
    return decode_utf16(block.take(2 * num_units, "A name"))


def _color(block: ByteCursor) -> Color:
    start = block.position
    (model,) = block.numbers("4s", "The space of a color")
    if model not in _NUM_VALUES:
        shown = model.decode("ascii", errors="backslashreplace").strip()
        raise block.error(
            f"a color must be RGB, CMYK, LAB or Gray, got {shown!r}. Convert the swatches to RGB.",
            start,
        )
    values = block.numbers(f">{_NUM_VALUES[model]}f", "A color")
    if not all(math.isfinite(value) for value in values):
        raise block.error("a color must be finite numbers, got NaN or infinity. Correct it.", start)
    if model == b"RGB ":
        return rgb_to_color(*values)
    if model == b"CMYK":
        return cmyk_to_color(*(min(max(value, 0.0), 1.0) for value in values))
    if model == b"LAB ":
        lightness, a, b = values
        # Clipped to the largest meaningful values, so that their cubes stay finite.
        a, b = (min(max(value, -128.0), 128.0) for value in (a, b))
        return lab_to_color(100 * min(max(lightness, 0.0), 1.0), a, b)
    return gray_to_color(values[0])


def write(palette: Palette) -> bytes:
    """Write one group of RGB colors; colors without a name are named '#rrggbb'.

    Example:
        >>> write(Palette.from_hex(["#000", "#f80"]))[:12]
        b'ASEF\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x04'
    """
    blocks = [_block(_GROUP_START, _counted(palette.name))]
    for color, name in palette.listed:
        label = name or spell_colors([color])[0]
        levels = struct.pack(">4s3fH", b"RGB ", *(level / 255 for level in color), _NORMAL)
        blocks.append(_block(_COLOR, _counted(label) + levels))
    blocks.append(_block(_GROUP_END, b""))
    return _MAGIC + struct.pack(">HHI", 1, 0, len(blocks)) + b"".join(blocks)


def _counted(text: str) -> bytes:
    name = encode_utf16(text)
    return struct.pack(">H", len(name) // 2) + name


def _block(kind: int, body: bytes) -> bytes:
    return struct.pack(">HI", kind, len(body)) + body


ADOBE_ASE = PaletteFormat(
    "adobe-ase", "Adobe .ase (Swatch Exchange)", (".ase",), sniff, parse, write
)
