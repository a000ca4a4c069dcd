"""Text in palette files: UTF-8, any line ends, and line numbers as editors count them."""

import re
from collections.abc import Callable, Iterable, Iterator

from ditherlab.errors import PaletteError, PaletteRequestError
from ditherlab.palette.colors import Color, quoted

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# DOS ends a text here, whatever follows in the file.
_END_OF_FILE = "\x1a"


def is_text(data: bytes) -> bool:
    """Return True if bytes are UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def starts_with(data: bytes, first: str) -> bool:
    """Return True if bytes begin with a text, after an optional byte order mark."""
    return data.removeprefix(_BYTE_ORDER_MARK).startswith(first.encode())


def decode_text(data: bytes, file: str) -> str:
    """Decode UTF-8; drop a byte order mark, and all from the end-of-file mark of DOS.

    Raises:
        PaletteError: If the bytes are not UTF-8; the message names the first wrong one.
    """
    try:
        return data.decode("utf-8-sig").partition(_END_OF_FILE)[0]
    except UnicodeDecodeError as error:
        raise PaletteError(
            f"{file}, byte {error.start}: the text must be UTF-8, got {data[error.start]:#04x}. "
            "Save it as UTF-8."
        ) from None


def encode_text(text: str) -> bytes:
    """Encode as UTF-8.

    Lone surrogates and end-of-file marks of DOS, which names in odd files may contain, become `?`.
    """
    return text.replace(_END_OF_FILE, "?").encode(errors="replace")


def numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    """Split a text into stripped lines, numbered from 1."""
    # `str.splitlines` also splits at form feeds and the like, which editors do not count as lines.
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        yield number, line.strip()


def lines_to_colors(
    lines: Iterable[tuple[int, str]], file: str, to_color: Callable[[str], Color]
) -> list[Color]:
    """Read one color from each numbered line that is not empty.

    Raises:
        PaletteError: If a line is not a color; the message names file and line.
    """
    colors = []
    for number, line in lines:
        if not line:
            continue
        try:
            colors.append(to_color(line))
        except PaletteRequestError as error:
            raise PaletteError(f"{file}, line {number}: {error}") from None
    return colors


def leading_numbers(line: str) -> list[str]:
    """Return the texts of the whole numbers that a line begins with, at most four.

    Example:
        >>> leading_numbers("20 40 60 255 glow"), leading_numbers("1 2 3 4th")
        (['20', '40', '60', '255'], ['1', '2', '3'])
    """
    spelled = line.split(maxsplit=4)[:4]
    return spelled[: next((i for i, text in enumerate(spelled) if not _is_number(text)), 4)]


def numbers_to_color(line: str) -> Color:
    """Read the first three numbers of a line as red, green and blue, 8-bit display sRGB.

    Raises:
        PaletteRequestError: If they are not whole numbers from 0 to 255.

    Example:
        >>> numbers_to_color("255 128 0 orange")
        (255, 128, 0)
    """
    spelled = line.split(maxsplit=3)[:3]
    components = []
    for number in spelled:
        if not _is_number(number):
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


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?[0-9]{1,9}", text) is not None


def _no_color(spelled: list[str], reason: str) -> PaletteRequestError:
    return PaletteRequestError(f"{quoted(' '.join(spelled))} is not a color: {reason}.")
