"""What the user asks for with `--palette`: a name, a file, or colors spelled out."""

import os
from pathlib import Path

from ditherlab.errors import PaletteRequestError
from ditherlab.naming import nearest_name
from ditherlab.palette.files import read_palette_file
from ditherlab.palette.named import named_palettes
from ditherlab.palette.palette import Palette, quoted


def resolve_palette(text: str) -> Palette:
    """Turn the value of `--palette` into a palette.

    A comma or a '#' at the start means colors; then come the named palettes; then whatever exists
    or looks like a path is read as a file.

    Args:
        text: A name, a path, or colors of 3 or 6 hexadecimal digits with commas between them.

    Returns:
        8-bit display sRGB.

    Raises:
        PaletteRequestError: An unknown name, or colors spelled out wrongly.
        PaletteError: A file that holds no usable palette.

    Example:
        >>> resolve_palette("#112233, #fff").hex
        ['#112233', '#ffffff']
        >>> resolve_palette("game-boy").name
        'game-boy'
    """
    request = text.strip()
    if "," in request or request.startswith("#"):
        return _spelled_out(request)
    if request in named_palettes():
        return named_palettes()[request]
    if _exists(request) or _looks_like_path(request):
        return read_palette_file(request)
    raise PaletteRequestError(
        "`--palette` must be a name, a file or colors such as '#000,#fff', "
        f"got {quoted(request)}. {nearest_name(request, named_palettes())}"
    )


def _spelled_out(request: str) -> Palette:
    try:
        return Palette.from_hex(request.split(","))
    except PaletteRequestError as error:
        raise PaletteRequestError(f"`--palette`: {error}") from None


def _exists(request: str) -> bool:
    try:
        return bool(request) and Path(request).exists()
    # A name that is too long for a file is none.
    except (OSError, ValueError):
        return False


def _looks_like_path(request: str) -> bool:
    separators = [separator for separator in (os.sep, os.altsep) if separator]
    return any(separator in request for separator in separators) or bool(Path(request).suffix)
