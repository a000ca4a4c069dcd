"""paint.NET's `.txt`: one aarrggbb per line.

Source: dotPDN, "Working With Palettes", paint.net documentation,
https://www.getpaint.net/doc/latest/WorkingWithPalettes.html.
"""

import re
from collections.abc import Sequence

from ditherlab.errors import PaletteError
from ditherlab.naming import one_line
from ditherlab.palette.colors import quoted
from ditherlab.palette.formats.palette_format import PaletteFormat, Swatches
from ditherlab.palette.formats.text_lines import (
    decode_text,
    encode_text,
    is_text,
    numbered_lines,
    starts_with,
)
from ditherlab.palette.palette import Palette

_FIRST_LINE = ";paint.net Palette File"
_FIRST_COLOR = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:;[^\r\n]*[\r\n]\s*)*#?[0-9A-Fa-f]{8}\s*(?:[;\r\n]|$)"
)

# Lospec writes the name of the palette into a comment.
_NAME = re.compile(r";\s*palette name:(.*)", re.IGNORECASE)


def sniff(data: bytes) -> bool:
    """Look for the usual first line, or eight digits on the first line that is not a comment."""
    if starts_with(data, _FIRST_LINE):
        return True
    return _FIRST_COLOR.match(data) is not None and is_text(data)


def parse(data: bytes, file: str) -> Swatches:
    """Read the colors; fully transparent ones keep their places, and ';' starts a comment.

    Alpha is the first of four bytes, or the last where only that makes sense.

    Raises:
        PaletteError: If a line is not a color; the message names file and line.

    Example:
        >>> parse(b";Palette Name: ember\\nFF000000\\nffff8000\\n", "x.txt").colors
        [(0, 0, 0), (255, 128, 0)]
        >>> parse(b"ff0000ff\\n00ff00ff\\n", "x.txt").colors
        [(255, 0, 0), (0, 255, 0)]
    """
    name, spelled = "", list[str]()
    for number, line in numbered_lines(decode_text(data, file)):
        if header := _NAME.match(line):
            name = header[1].strip()
        digits = line.partition(";")[0].strip()
        if not digits:
            continue
        if not re.fullmatch(r"#?[0-9A-Fa-f]{8}", digits):
            raise PaletteError(
                f"{file}, line {number}: a color must be eight hexadecimal digits, got "
                f"{quoted(digits)}. Write aarrggbb, such as ffff8000."
            )
        spelled.append(digits)
    is_alpha_last, notes = _order(spelled, is_paint_net=starts_with(data, _FIRST_LINE))
    colors = []
    for digits in spelled:
        first, *rest = bytes.fromhex(digits.removeprefix("#"))
        red, green, blue, alpha = (first, *rest) if is_alpha_last else (*rest, first)
        colors.append((red, green, blue, alpha))
    return Swatches.with_alpha(colors, name, notes=notes)


def _order(spelled: Sequence[str], *, is_paint_net: bool) -> tuple[bool, tuple[str, ...]]:
    """Return whether alpha is the last of four bytes, and a note if that is not certain.

    paint.NET and its like write alpha first, CSS writes it last. An order makes sense if all
    alphas are equal; mostly they are ff.
    """
    if is_paint_net:
        return False, ()
    digits = [text.removeprefix("#").lower() for text in spelled]
    likeness = [
        (len(set(alphas)) == 1, sum(alpha == "ff" for alpha in alphas))
        for alphas in ([text[:2] for text in digits], [text[-2:] for text in digits])
    ]
    first, last = likeness
    # CSS writes alpha last, behind `#`.
    is_css = all(text.startswith("#") for text in spelled)
    is_alpha_last = last > first or (is_css and last == first)
    if (is_css and is_alpha_last) or (first != last and max(first, last)[1] > 0):
        return is_alpha_last, ()
    spelled_order = "rrggbbaa" if is_alpha_last else "aarrggbb"
    return is_alpha_last, (f"It is not clear where alpha stands; read as {spelled_order}.",)


def write(palette: Palette) -> bytes:
    """Write the colors with alpha, and the palette's name in a comment, as Lospec does.

    Example:
        >>> write(Palette.from_hex(["#000", "#f80"], name="ember")).splitlines()[1:]
        [b';Palette Name: ember', b';Colors: 2', b'FF000000', b'FFFF8800']
    """
    lines = [_FIRST_LINE]
    if name := one_line(palette.name):
        lines.append(f";Palette Name: {name}")
    lines.append(f";Colors: {len(palette.entries)}")
    for place, (color, _) in enumerate(palette.listed_with_transparent):
        alpha = 0 if place == palette.transparent else 255
        lines.append(bytes([alpha, *color]).hex().upper())
    return encode_text("".join(f"{line}\n" for line in lines))


PAINT_NET = PaletteFormat("paint-net", "paint.NET .txt", (".txt",), sniff, parse, write)
