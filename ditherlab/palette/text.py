"""The palette formats that are text: hexadecimal lists (Lospec's .hex) and GIMP's .gpl."""

import re
from collections.abc import Iterator

from ditherlab.errors import PaletteError, PaletteRequestError
from ditherlab.palette.palette import Color, Palette, hex_to_color, quoted

GPL_FIRST_LINE = "GIMP Palette"


def hex_text(palette: Palette) -> str:
    """Write a palette as one rrggbb to a line, 8-bit display sRGB.

    Example:
        >>> hex_text(Palette.from_hex(["#000", "#f80"])).splitlines()
        ['000000', 'ff8800']
    """
    return "".join(f"{spelled.removeprefix('#')}\n" for spelled in palette.hex)


def gpl_text(palette: Palette) -> str:
    """Write a palette as GIMP does, 8-bit display sRGB, with its name and source on one line each.

    Example:
        >>> gpl_text(Palette.from_hex(["#000", "#f80"], name="ember")).splitlines()
        ['GIMP Palette', 'Name: ember', '#', '  0   0   0\\t#000000', '255 136   0\\t#ff8800']
    """
    lines = [GPL_FIRST_LINE]
    if name := _one_line(palette.name):
        lines.append(f"Name: {name}")
    lines.append(f"# {_one_line(palette.source)}".rstrip())
    for (red, green, blue), spelled in zip(palette.colors, palette.hex, strict=True):
        lines.append(f"{red:3d} {green:3d} {blue:3d}\t{spelled}")
    return "\n".join(lines) + "\n"


def parse_hex(text: str, file: str) -> list[Color]:
    """Read the colors of a hexadecimal list; ';' starts a comment.

    Args:
        text: What the file holds.
        file: What messages call it.

    Returns:
        8-bit display sRGB in the order of the lines, repeated colors included.

    Raises:
        PaletteError: A line is no color; the message names file and line.

    Example:
        >>> parse_hex("#112233\\n\\n; a comment\\nff8000", "some.hex")
        [(17, 34, 51), (255, 128, 0)]
    """
    colors = []
    for number, line in _numbered_lines(text):
        spelled = line.partition(";")[0].strip()
        if not spelled:
            continue
        try:
            colors.append(hex_to_color(spelled))
        except PaletteRequestError as error:
            raise PaletteError(f"{file}, line {number}: {error}") from None
    return colors


def parse_gpl(text: str, file: str) -> tuple[list[Color], str]:
    """Read the colors and the name of a GIMP palette, whose first line the caller has recognized.

    Args:
        text: What the file holds.
        file: What messages call it.

    Returns:
        8-bit display sRGB in the order of the lines, repeated colors included, and the name of the
        palette, empty if it has none.

    Raises:
        PaletteError: A line is no color; the message names file and line.

    Example:
        >>> parse_gpl("GIMP Palette\\nName: ember\\n# hot\\n0 0 0 black\\n255 128 0", "some.gpl")
        ([(0, 0, 0), (255, 128, 0)], 'ember')
    """
    name = ""
    colors = []
    for number, line in _numbered_lines(text):
        if number == 1 or not line or line.startswith("#"):
            continue
        if header := re.match(r"([A-Za-z]+):(.*)", line):
            if header[1].lower() == "name":
                name = header[2].strip()
            continue
        try:
            colors.append(_gpl_color(line))
        except PaletteRequestError as error:
            raise PaletteError(f"{file}, line {number}: {error}") from None
    return colors, name


def _numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    # `str.splitlines` also breaks at form feeds and the like, where editors count no line.
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        yield number, line.strip()


def _gpl_color(line: str) -> Color:
    spelled = line.split()[:3]
    components = []
    for number in spelled:
        if not re.fullmatch(r"-?[0-9]{1,9}", number):
            raise _no_color(spelled, f"{quoted(number)} is not a whole number")
        if int(number) > 255:
            raise _no_color(spelled, f"{number} is above 255")
        if int(number) < 0:
            raise _no_color(spelled, f"{number} is below 0")
        components.append(int(number))
    if len(components) < 3:
        raise _no_color(spelled, f"it has {len(components)} of three numbers")
    red, green, blue = components
    return red, green, blue


def _no_color(spelled: list[str], reason: str) -> PaletteRequestError:
    return PaletteRequestError(f"{quoted(' '.join(spelled))} is not a color: {reason}.")


def _one_line(text: str) -> str:
    return " ".join(text.split())
