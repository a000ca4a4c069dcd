"""What the user asks for with `--palette` and the like: a name, a file, or colors spelled out."""

import os
from pathlib import Path

from ditherlab.errors import PaletteRequestError
from ditherlab.naming import nearest_name
from ditherlab.palette.files import read_palette_file
from ditherlab.palette.named import named_palettes
from ditherlab.palette.palette import Color, Palette, hex_to_color, quoted


def resolve_palette(text: str, option: str = "--palette") -> Palette:
    """Turn the value of `--palette` into a palette.

    A comma or a '#' at the start means colors; then come the named palettes; then whatever exists
    or looks like a path is read as a file.

    Args:
        text: A name, a path, or colors of 3 or 6 hexadecimal digits with commas between them.
        option: What messages call the option that it is the value of.

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
    if is_spelled_out(request):
        return _spelled_out(request, option)
    if request in named_palettes():
        return named_palettes()[request]
    if _exists(request) or _looks_like_path(request):
        return read_palette_file(request)
    raise PaletteRequestError(
        f"`{option}` must be a name, a file or colors such as '#000,#fff', "
        f"got {quoted(request)}. {nearest_name(request, named_palettes())}"
    )


def resolve_colors(text: str, option: str) -> tuple[Color, ...]:
    """Turn the value of an option into colors, of which there may be one, or two that are equal.

    Args:
        text: As for `resolve_palette`.
        option: What messages call the option.

    Returns:
        8-bit display sRGB; of a name or a file all colors of the palette, as seen.

    Raises:
        PaletteRequestError: An unknown name, or colors spelled out wrongly.
        PaletteError: A file that holds no usable palette.

    Example:
        >>> resolve_colors("#fff", "--lock")
        ((255, 255, 255),)
    """
    if not is_spelled_out(text):
        return resolve_palette(text, option).seen
    try:
        return tuple(hex_to_color(color) for color in text.split(","))
    except PaletteRequestError as error:
        raise PaletteRequestError(f"`{option}`: {error}") from None


def place_palette(text: str, folder: Path) -> str:
    """Return the words of a palette with its file in a folder; names and colors stay.

    Example:
        >>> place_palette("mine.hex", Path("/home/me")), place_palette("pico-8", Path("/home/me"))
        ('/home/me/mine.hex', 'pico-8')
    """
    request = text.strip()
    if is_spelled_out(request) or request in named_palettes():
        return request
    place = str(folder / request)
    return place if _exists(place) or _looks_like_path(request) else request


def is_spelled_out(text: str) -> bool:
    """Say whether words are colors, and no name or file.

    Example:
        >>> is_spelled_out("#fff"), is_spelled_out("pico-8")
        (True, False)
    """
    return "," in text or text.strip().startswith("#")


def _spelled_out(request: str, option: str) -> Palette:
    try:
        return Palette.from_hex(request.split(","))
    except PaletteRequestError as error:
        raise PaletteRequestError(f"`{option}`: {error}") from None


def _exists(request: str) -> bool:
    try:
        return bool(request) and Path(request).exists()
    # A name that is too long for a file is none.
    except (OSError, ValueError):
        return False


def _looks_like_path(request: str) -> bool:
    separators = [separator for separator in (os.sep, os.altsep) if separator]
    return any(separator in request for separator in separators) or bool(Path(request).suffix)
