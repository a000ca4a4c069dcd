"""JASC's `.pal` of Paint Shop Pro: text with the number of colors and their components.

Source: Jasc Software, Paint Shop Pro: the form of the palettes that come with it.
"""

from ditherlab.errors import PaletteError
from ditherlab.palette.colors import quoted
from ditherlab.palette.formats.palette_format import PaletteFormat, Swatches
from ditherlab.palette.formats.text_lines import (
    decode_text,
    encode_text,
    lines_to_colors,
    numbered_lines,
    numbers_to_color,
    starts_with,
)
from ditherlab.palette.palette import Palette

_FIRST_LINE = "JASC-PAL"
_VERSION = "0100"
_MAX_DIGITS = 9


def sniff(data: bytes) -> bool:
    """Look for JASC's first line."""
    return starts_with(data, _FIRST_LINE)


def parse(data: bytes, file: str) -> Swatches:
    """Read the colors; numbers after the third of a line, such as alpha, are ignored.

    Raises:
        PaletteError: If the version is unknown, a line is not a color, or the number of colors is
            not the announced one; the message names file and line.

    Example:
        >>> parse(b"JASC-PAL\\r\\n0100\\r\\n2\\r\\n0 0 0\\r\\n255 128 0\\r\\n", "some.pal").colors
        [(0, 0, 0), (255, 128, 0)]
    """
    lines = [(number, line) for number, line in numbered_lines(decode_text(data, file)) if line]
    lines += [(lines[-1][0] + 1, "")] * (3 - len(lines))
    if lines[1][1] != _VERSION:
        raise PaletteError(
            f"{file}, line {lines[1][0]}: the version must be {_VERSION}, got "
            f"{quoted(lines[1][1])}. Save the palette again."
        )
    announced = lines[2][1]
    if not (announced.isascii() and announced.isdecimal() and len(announced) <= _MAX_DIGITS):
        raise PaletteError(
            f"{file}, line {lines[2][0]}: the number of colors must be a whole number, got "
            f"{quoted(announced)}. Correct it."
        )
    if int(announced) != len(lines) - 3:
        raise PaletteError(
            f"{file}, line {lines[2][0]}: {int(announced)} colors must follow, got "
            f"{len(lines) - 3}. The file is cut off or damaged: get it again."
        )
    return Swatches(lines_to_colors(lines[3:], file, numbers_to_color))


def write(palette: Palette) -> bytes:
    """Write a palette as Paint Shop Pro does, with CRLF line ends.

    Example:
        >>> write(Palette.from_hex(["#000", "#f80"])).split()[:3]
        [b'JASC-PAL', b'0100', b'2']
    """
    rows = [f"{red} {green} {blue}" for (red, green, blue), _ in palette.listed]
    lines = [_FIRST_LINE, _VERSION, str(len(rows)), *rows]
    return encode_text("".join(f"{line}\r\n" for line in lines))


JASC = PaletteFormat("jasc", "JASC .pal (Paint Shop Pro)", (".pal",), sniff, parse, write)
