"""Values of `--palette` and similar options: a name, a file, or a list of colors."""

import os
from pathlib import Path

from ditherlab.errors import PaletteRequestError
from ditherlab.naming import nearest_name
from ditherlab.palette.colors import Color, hex_to_color, quoted
from ditherlab.palette.files import read_palette_file
from ditherlab.palette.named import named_palettes
from ditherlab.palette.palette import Palette


def resolve_palette(text: str, option: str = "--palette") -> Palette:
    """Convert the value of `--palette` to a palette.

    A text with a comma, or with '#' or '(' at its start, is a list of colors, if it names no
    existing file and holds no separator of folders: './#000,#fff' is a file. A color in parentheses
    keeps its place and is never drawn. Any other text is the name of a built-in palette, or else a
    file if it exists or looks like a path.

    Args:
        text: A name, a path, or colors of 3 or 6 hexadecimal digits, separated by commas.
        option: The name of the option in messages.

    Returns:
        8-bit display sRGB.

    Raises:
        PaletteRequestError: For an unknown name or an invalid color.
        PaletteError: For a file without a usable palette.

    Example:
        >>> resolve_palette("#112233, #fff").hex
        ['#112233', '#ffffff']
        >>> resolve_palette("(#f0f), #000, #fff").places
        (1, 2)
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
    """Convert the value of an option to any number of colors, which may repeat.

    Args:
        text: As for `resolve_palette`.
        option: The name of the option in messages.

    Returns:
        8-bit display sRGB; for a name or a file, all colors of the palette, as they are seen.

    Raises:
        PaletteRequestError: For an unknown name or an invalid color.
        PaletteError: For a file without a usable palette.

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
    """Resolve the path of a palette file relative to a folder; names and colors do not change.

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
    """Return True if a text is a list of colors, not a name or a file.

    Example:
        >>> is_spelled_out("#fff"), is_spelled_out("pico-8"), is_spelled_out("./#000,#fff")
        (True, False, False)
    """
    request = text.strip()
    if _has_folder(request):
        return False
    if request.startswith(("#", "(")):
        return True
    return "," in request and not _exists(request)


def split_palettes(text: str) -> list[str]:
    """Split palettes that are separated by commas; a list of colors is one palette.

    Example:
        >>> split_palettes("pico-8, ega"), split_palettes("#000,fff")
        (['pico-8', 'ega'], ['#000,fff'])
    """
    parts = [part.strip() for part in text.split(",")]
    is_file = _exists(text.strip()) or text.strip() in named_palettes()
    if len(parts) < 2 or is_file or all(_is_color(part) for part in parts):
        return [text.strip()]
    return parts


def _is_color(text: str) -> bool:
    try:
        hex_to_color(text.removeprefix("(").removesuffix(")"))
    except PaletteRequestError:
        return False
    return text not in named_palettes()


def _spelled_out(request: str, option: str) -> Palette:
    texts = [text.strip() for text in request.split(",")]
    hidden = [
        place for place, text in enumerate(texts) if text.startswith("(") and text.endswith(")")
    ]
    try:
        bare = [text[1:-1] if place in hidden else text for place, text in enumerate(texts)]
        return Palette.of_entries([hex_to_color(text) for text in bare], hidden=hidden)
    except PaletteRequestError as error:
        raise PaletteRequestError(f"`{option}`: {error}") from None


def _exists(request: str) -> bool:
    try:
        return bool(request) and Path(request).exists()
    # The operating system refuses paths that are too long or contain NUL.
    except (OSError, ValueError):
        return False


def _has_folder(request: str) -> bool:
    separators = [separator for separator in (os.sep, os.altsep) if separator]
    return any(separator in request for separator in separators)


def _looks_like_path(request: str) -> bool:
    return _has_folder(request) or bool(Path(request).suffix)
