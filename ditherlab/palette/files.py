"""Reading of palette files; the format is detected from the contents, never from the suffix."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ditherlab.errors import PaletteError, PaletteRequestError, PictureError
from ditherlab.palette.colors import quoted
from ditherlab.palette.palette import Palette

if TYPE_CHECKING:
    from ditherlab.images.source_bytes import ByteStream

# Far more than any palette needs; the largest picture that can serve as one may be as long.
_MAX_NUM_BYTES = 2**28


def read_palette_file(path: str | os.PathLike[str]) -> Palette:
    """Read a palette from a file of any of the `FORMATS`.

    Args:
        path: Path of the file; text must be UTF-8, with any line ends.

    Returns:
        8-bit display sRGB; its name is the one that the file states, else the name of the file.

    Raises:
        PaletteError: If the file does not exist, or holds no palette of 2 to 256 colors.

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
    return parse_palette(_content(file, file), file)


def parse_palette(content: bytes, file: str) -> Palette:
    """Read a palette from the contents of a file.

    Args:
        content: Contents of the file.
        file: Name of the file in messages; without its suffix, the name of an unnamed palette.

    Returns:
        8-bit display sRGB.

    Raises:
        PaletteError: If the contents are not a palette of 2 to 256 colors.

    Example:
        >>> parse_palette(b"GIMP Palette\\n0 0 0 ash\\n255 128 0 glow", "ember.gpl").names
        ('ash', 'glow')
    """
    from ditherlab.palette.formats import sniff_format

    if not content:
        raise PaletteError(f"{file} is empty. A palette file holds 2 to 256 colors.")
    known = sniff_format(content)
    if known is None:
        raise PaletteError(
            f"{file} is not a palette file of a known format, a picture or UTF-8 text. "
            "Save it as .gpl, .hex or .png."
        )
    swatches = known.parse(content, file)
    try:
        return Palette.of_entries(
            swatches.colors,
            hidden=swatches.hidden,
            transparent=swatches.transparent,
            name=swatches.name or Path(file).stem,
            source=Path(file).name,
            names=swatches.names,
            notes=swatches.notes,
        )
    except PaletteRequestError as error:
        raise PaletteError(" ".join([f"{file}: {error}", *swatches.notes])) from None


def read_palette_stream(stream: "ByteStream", name: str) -> Palette:
    """Read a palette from a stream to its end.

    Args:
        stream: Such as `sys.stdin.buffer`.
        name: The name of the stream in messages.

    Raises:
        PaletteError: If the contents are not a palette, or too long.
    """
    return parse_palette(_content(stream, name), name)


def _content(source: "str | ByteStream", file: str) -> bytes:
    from ditherlab.images.source_bytes import read_bounded

    try:
        content = read_bounded(source, file, _MAX_NUM_BYTES)
    except PictureError as error:
        raise PaletteError(str(error)) from None
    except FileNotFoundError:
        raise PaletteError(f"{file} does not exist. Give the path of a palette file.") from None
    except IsADirectoryError:
        raise PaletteError(f"{file} is a folder. Give the path of a file in it.") from None
    except OSError as error:
        raise PaletteError(f"{file} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise PaletteError(f"{quoted(file)} is not a path: {error}.") from error
    if len(content) > _MAX_NUM_BYTES:
        raise PaletteError(
            f"{file} must be at most {_MAX_NUM_BYTES} bytes to serve as a palette, got more. "
            "Give a smaller file."
        )
    return content
