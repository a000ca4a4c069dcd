"""paint.NET's `.txt`: one aarrggbb per line.

Source: dotPDN, "Working With Palettes", paint.net documentation,
https://www.getpaint.net/doc/latest/WorkingWithPalettes.html.
"""

import re

from ditherlab.errors import PaletteError
from ditherlab.naming import one_line
from ditherlab.palette.formats.palette_format import PaletteFormat, Swatches
from ditherlab.palette.formats.text_lines import (
    decode_text,
    encode_text,
    is_text,
    numbered_lines,
    starts_with,
)
from ditherlab.palette.palette import Palette, hex_to_color, quoted

_FIRST_LINE = ";paint.net Palette File"
_FIRST_COLOR = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:;[^\r\n]*[\r\n]\s*)*[0-9A-Fa-f]{8}\s*(?:[;\r\n]|$)"
)

# Lospec writes the name of the palette into a comment.
_NAME = re.compile(r";\s*palette name:(.*)", re.IGNORECASE)


def sniff(data: bytes) -> bool:
    """Look for the usual first line, or eight digits on the first line that is not a comment."""
    if starts_with(data, _FIRST_LINE):
        return True
    return _FIRST_COLOR.match(data) is not None and is_text(data)


def parse(data: bytes, file: str) -> Swatches:
    """Read the colors that are not fully transparent; ';' starts a comment.

    Raises:
        PaletteError: If a line is not a color; the message names file and line.

    Example:
        >>> parse(b";Palette Name: ember\\nFF000000\\nffff8000\\n", "x.txt")
        Swatches(colors=[(0, 0, 0), (255, 128, 0)], name='ember', names=())
    """
    name, colors = "", []
    for number, line in numbered_lines(decode_text(data, file)):
        if header := _NAME.match(line):
            name = header[1].strip()
        spelled = line.partition(";")[0].strip()
        if not spelled:
            continue
        if not re.fullmatch(r"[0-9A-Fa-f]{8}", spelled):
            raise PaletteError(
                f"{file}, line {number}: a color must be eight hexadecimal digits, got "
                f"{quoted(spelled)}. Write aarrggbb, such as ffff8000."
            )
        if spelled[:2] != "00":
            colors.append(hex_to_color(spelled[2:]))
    return Swatches(colors, name)


def write(palette: Palette) -> bytes:
    """Write opaque colors, with the palette's name in a comment, as Lospec does.

    Example:
        >>> write(Palette.from_hex(["#000", "#f80"], name="ember")).splitlines()[1:]
        [b';Palette Name: ember', b';Colors: 2', b'FF000000', b'FFFF8800']
    """
    lines = [_FIRST_LINE]
    if name := one_line(palette.name):
        lines.append(f";Palette Name: {name}")
    lines.append(f";Colors: {len(palette)}")
    lines += [f"FF{spelled.removeprefix('#').upper()}" for spelled in palette.hex]
    return encode_text("".join(f"{line}\n" for line in lines))


PAINT_NET = PaletteFormat("paint-net", "paint.NET .txt", (".txt",), sniff, parse, write)
