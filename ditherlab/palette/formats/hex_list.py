"""Lospec's `.hex`: one rrggbb per line; the fallback format for text files."""

from ditherlab.palette.colors import hex_to_color
from ditherlab.palette.formats.palette_format import PaletteFormat, Swatches, spelled_entries
from ditherlab.palette.formats.text_lines import (
    decode_text,
    encode_text,
    is_text,
    lines_to_colors,
    numbered_lines,
)
from ditherlab.palette.palette import Palette


def parse(data: bytes, file: str) -> Swatches:
    """Read the colors of a hexadecimal list; ';' starts a comment.

    Raises:
        PaletteError: If a line is not a color; the message names file and line.

    Example:
        >>> parse(b"#112233\\n\\n; a comment\\nff8000", "some.hex").colors
        [(17, 34, 51), (255, 128, 0)]
    """
    lines = numbered_lines(decode_text(data, file))
    spelled = ((number, line.partition(";")[0].strip()) for number, line in lines)
    return Swatches(lines_to_colors(spelled, file, hex_to_color))


def write(palette: Palette) -> bytes:
    """Write one rrggbb per line.

    Example:
        >>> write(Palette.from_hex(["#000", "#f80"]))
        b'000000\\nff8800\\n'
    """
    spelled = spelled_entries(palette)
    return encode_text("".join(f"{digits.removeprefix('#')}\n" for digits in spelled))


HEX_LIST = PaletteFormat("hex", "Lospec .hex", (".hex",), is_text, parse, write)
