"""Lists of three numbers a line, without a header: `255,128,0` or `255 128 0`."""

import re

from ditherlab.palette.formats.palette_format import PaletteFormat, Swatches
from ditherlab.palette.formats.text_lines import (
    decode_text,
    is_text,
    lines_to_colors,
    numbered_lines,
    numbers_to_color,
)

_COMMENT = re.compile(r"(?:#|;|//).*")
_SEPARATORS = re.compile(r"[\s,;]+")
_FIRST_COLOR = re.compile(r"-?[0-9]{1,9}(?:[\s,;]+-?[0-9]{1,9}){2}(?![0-9A-Fa-f])")


def sniff(data: bytes) -> bool:
    """Look for three numbers on the first line that is not a comment."""
    if not is_text(data):
        return False
    lines = (line for _, line in numbered_lines(decode_text(data, "")))
    first = next((line for line in lines if line and not _COMMENT.match(line)), "")
    return _FIRST_COLOR.match(first) is not None


def parse(data: bytes, file: str) -> Swatches:
    """Read three numbers a line, separated by commas, semicolons or spaces.

    A fourth number and all other text of a line are ignored. `#`, `;` and `//` start a comment.

    Raises:
        PaletteError: If a line is not a color; the message names file and line.

    Example:
        >>> parse(b"0,0,0\\n255; 128; 0\\n", "some.csv").colors
        [(0, 0, 0), (255, 128, 0)]
    """
    lines = numbered_lines(decode_text(data, file))
    spelled = (
        (number, _SEPARATORS.sub(" ", line)) for number, line in lines if not _COMMENT.match(line)
    )
    return Swatches(lines_to_colors(spelled, file, numbers_to_color))


RGB_LIST = PaletteFormat("rgb-list", "list of r,g,b", (".csv", ".txt"), sniff, parse)
