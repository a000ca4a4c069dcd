"""Colors in 8-bit display sRGB, and their text forms."""

import operator
import string
from collections.abc import Iterable
from typing import TypeAlias

from ditherlab.errors import PaletteRequestError

Color: TypeAlias = tuple[int, int, int]


def checked_colors(colors: Iterable[Iterable[int]], name: str = "colors") -> tuple[Color, ...]:
    """Check that colors are triples of whole numbers from 0 to 255, 8-bit display sRGB.

    Args:
        colors: The colors; numpy integers are accepted.
        name: The name of the argument in messages.

    Raises:
        PaletteRequestError: For the first invalid color.

    Example:
        >>> checked_colors([[255, 128, 0]])
        ((255, 128, 0),)
    """
    return tuple(_checked(index, color, name) for index, color in enumerate(colors))


def are_gray(colors: Iterable[Color]) -> bool:
    """Return True if red, green and blue are equal in every color."""
    return all(red == green == blue for red, green, blue in colors)


def merged(colors: Iterable[Color]) -> tuple[tuple[Color, ...], int]:
    """Drop repeated colors, keeping the first of each; also return how many were dropped.

    Example:
        >>> merged([(9, 9, 9), (0, 0, 0), (9, 9, 9)])
        (((9, 9, 9), (0, 0, 0)), 1)
    """
    listed = tuple(colors)
    kept = tuple(dict.fromkeys(listed))
    return kept, len(listed) - len(kept)


def spell_colors(colors: Iterable[Color]) -> list[str]:
    """Write colors as '#rrggbb', 8-bit display sRGB.

    Example:
        >>> spell_colors([(255, 128, 0)])
        ['#ff8000']
    """
    return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in colors]


def hex_to_color(text: str) -> Color:
    """Parse one color of 3 or 6 hexadecimal digits, with or without '#', as 8-bit display sRGB.

    Raises:
        PaletteRequestError: If the text is not a color; the message says why.

    Example:
        >>> hex_to_color("#ff8000"), hex_to_color("f80")
        ((255, 128, 0), (255, 136, 0))
    """
    digits = text.strip().removeprefix("#")
    # `int(..., 16)` also takes signs, underscores and the digits of other scripts.
    stranger = next((letter for letter in digits if letter not in string.hexdigits), None)
    if not digits:
        reason = "it has no digits"
    elif stranger is not None:
        reason = f"{stranger!r} is not a hexadecimal digit"
    elif len(digits) not in (3, 6):
        reason = f"it has {len(digits)} hexadecimal digits"
    else:
        red, green, blue = bytes.fromhex(
            digits if len(digits) == 6 else "".join(digit * 2 for digit in digits)
        )
        return red, green, blue
    raise PaletteRequestError(f"{quoted(text.strip())} is not a color: {reason}. Write #rrggbb.")


def quoted(text: str, max_length: int = 40) -> str:
    """Quote and shorten a text for a message of one line.

    Example:
        >>> quoted("two" + chr(10) + "lines"), quoted("x" * 99, max_length=8)
        ("'two\\\\nlines'", "'xxxxxxx…'")
    """
    return repr(text if len(text) <= max_length else text[: max_length - 1] + "…")


def _checked(index: int, color: Iterable[int], name: str) -> Color:
    try:
        red, green, blue = (operator.index(component) for component in color)
    except (TypeError, ValueError):
        pass
    else:
        if all(0 <= component <= 255 for component in (red, green, blue)):
            return red, green, blue
    raise PaletteRequestError(
        f"`{name}[{index}]` must be three whole numbers from 0 to 255, got {shorten(color)}. "
        "Give 8-bit display sRGB, or use `Palette.from_hex`."
    )


def shorten(value: object) -> str:
    """Write a value of any kind for a message, on one line of at most 60 characters."""
    shown = " ".join(repr(value).split())
    return shown if len(shown) <= 60 else shown[:59] + "…"
