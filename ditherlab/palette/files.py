"""Reading a palette from a file, whose format is told by what it holds and never by its suffix."""

import os
from pathlib import Path

from ditherlab.errors import PaletteError, PaletteRequestError
from ditherlab.palette.palette import Color, Palette, quoted
from ditherlab.palette.picture import picture_colors
from ditherlab.palette.text import GPL_FIRST_LINE, parse_gpl, parse_hex


def read_palette_file(path: str | os.PathLike[str]) -> Palette:
    """Read a hexadecimal list (.hex), a GIMP palette (.gpl), or the colors of a picture.

    An indexed picture gives the entries that it uses, in the order of its palette; any other
    picture of at most 256 colors gives them in order of first appearance.

    Args:
        path: A file; text in it is UTF-8, with any line ends.

    Returns:
        8-bit display sRGB, under the name that the file states or else under that of the file.

    Raises:
        PaletteError: There is no such file, or it holds no palette of 2 to 256 colors.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "ember.hex")
        ...     _ = path.write_text("000000\\nff8000\\n")
        ...     palette = read_palette_file(path)
        >>> palette.name, palette.hex
        ('ember', ['#000000', '#ff8000'])
    """
    file = os.fspath(path)
    colors, name = _parsed(_content(file), file)
    try:
        return Palette(tuple(colors), name=name or Path(file).stem, source=Path(file).name)
    except PaletteRequestError as error:
        raise PaletteError(f"{file}: {error}") from None


def _content(file: str) -> bytes:
    try:
        content = Path(file).read_bytes()
    except FileNotFoundError:
        raise PaletteError(f"{file} does not exist. Give the path of a palette file.") from None
    except IsADirectoryError:
        raise PaletteError(f"{file} is a folder. Give the path of a file in it.") from None
    except OSError as error:
        raise PaletteError(f"{file} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise PaletteError(f"{quoted(file)} is not a path: {error}.") from error
    if not content:
        raise PaletteError(f"{file} is empty. A palette file holds 2 to 256 colors.")
    return content


def _parsed(content: bytes, file: str) -> tuple[list[Color], str]:
    is_gpl = content.removeprefix(b"\xef\xbb\xbf").startswith(GPL_FIRST_LINE.encode())
    if not is_gpl and (colors := picture_colors(content, file)) is not None:
        return colors, ""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise PaletteError(
            f"{file} is neither a picture nor UTF-8 text. Give a .hex or .gpl file or a picture."
        ) from None
    return parse_gpl(text, file) if is_gpl else (parse_hex(text, file), "")
