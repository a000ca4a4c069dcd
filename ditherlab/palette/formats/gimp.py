"""GIMP's `.gpl`: text with the names of the palette and of each color.

Source: The GIMP Team, developer documentation of GIMP, "GIMP Palette format".
"""

import re

from ditherlab.errors import PaletteError, PaletteRequestError
from ditherlab.naming import one_line
from ditherlab.palette.colors import spell_colors
from ditherlab.palette.formats.palette_format import PaletteFormat, Swatches
from ditherlab.palette.formats.text_lines import (
    decode_text,
    encode_text,
    leading_numbers,
    numbered_lines,
    numbers_to_color,
    starts_with,
)
from ditherlab.palette.palette import Palette

_FIRST_LINE = "GIMP Palette"

# The name that GIMP writes for colors without a name.
_NAMELESS = "Untitled"


def sniff(data: bytes) -> bool:
    """Look for GIMP's first line."""
    return starts_with(data, _FIRST_LINE)


def parse(data: bytes, file: str) -> Swatches:
    """Read the colors and the names.

    Raises:
        PaletteError: If a line is not a color; the message names file and line.

    Example:
        >>> text = b"GIMP Palette\\nName: ember\\n# hot\\n0 0 0 black\\n255 128 0"
        >>> swatches = parse(text, "some.gpl")
        >>> swatches.colors, swatches.name, swatches.names
        ([(0, 0, 0), (255, 128, 0)], 'ember', ['black', ''])
    """
    palette_name, colors, names, has_alpha = "", [], [], False
    for number, line in numbered_lines(decode_text(data, file)):
        if number == 1 or not line or line.startswith("#"):
            continue
        if header := re.match(r"([A-Za-z]+):(.*)", line):
            if header[1].lower() == "name":
                palette_name = header[2].strip()
            has_alpha = has_alpha or is_rgba(header[0])
            continue
        try:
            color = numbers_to_color(line)
        except PaletteRequestError as error:
            raise PaletteError(f"{file}, line {number}: {error}") from None
        alpha = _alpha(line) if has_alpha else None
        num_columns = 3 if alpha is None else 4
        name = one_line("".join(line.split(maxsplit=num_columns)[num_columns:]))
        colors.append((*color, 255 if alpha is None else alpha))
        names.append("" if name in (_NAMELESS, *spell_colors([color])) else name)
    return Swatches.with_alpha(colors, palette_name, names)


def is_rgba(line: str) -> bool:
    """Return True if a header states a fourth column, alpha, as Aseprite writes it.

    Example:
        >>> is_rgba("Channels: RGBA"), is_rgba("Columns: 4")
        (True, False)
    """
    return re.fullmatch(r"channels:\s*rgba", line.strip().lower()) is not None


def _alpha(line: str) -> int | None:
    """Return the fourth number of a line; None if there is none from 0 to 255."""
    numbers = leading_numbers(line)
    return int(numbers[3]) if len(numbers) == 4 and 0 <= int(numbers[3]) <= 255 else None


def write(palette: Palette) -> bytes:
    """Write a palette as GIMP does, with its name and source on one line each.

    Example:
        >>> write(Palette.from_hex(["#000", "#f80"], name="ember")).splitlines()
        [b'GIMP Palette', b'Name: ember', b'#', b'  0   0   0\\t#000000', b'255 136   0\\t#ff8800']
    """
    lines = [_FIRST_LINE]
    if name := one_line(palette.name):
        lines.append(f"Name: {name}")
    lines.append(f"# {one_line(palette.source)}".rstrip())
    for (red, green, blue), name in palette.listed:
        label = one_line(name) or f"#{red:02x}{green:02x}{blue:02x}"
        lines.append(f"{red:3d} {green:3d} {blue:3d}\t{label}")
    return encode_text("\n".join(lines) + "\n")


GIMP = PaletteFormat("gimp", "GIMP .gpl", (".gpl",), sniff, parse, write)
