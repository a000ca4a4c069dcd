"""Color swatches in a terminal, at the color depth that it supports."""

import os
import sys
from collections.abc import Mapping
from typing import Literal

import click

from ditherlab.palette import Color

ColorDepth = Literal["none", "256", "true"]

# Source: Thomas Dickey, "XTerm Control Sequences", 256 colors: a cube of 6 levels, then 24 grays.
_CUBE_START, _GRAY_START = 16, 232
_LEVELS = (0, 95, 135, 175, 215, 255)
_GRAYS = tuple(range(8, 239, 10))


def terminal_depth(environment: Mapping[str, str] = os.environ) -> ColorDepth:
    """Return the color depth of standard output; none, unless it is a terminal.

    Source: https://no-color.org; `COLORTERM` as S-Lang and most terminals have it.
    """
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    is_refused = bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb"
    if is_refused or not is_terminal:
        return "none"
    return "true" if environment.get("COLORTERM") in ("truecolor", "24bit") else "256"


def swatch(color: Color, depth: ColorDepth, width: int = 6) -> str:
    """Return spaces with a background color; empty if the terminal shows no colors.

    Example:
        >>> swatch((255, 128, 0), "true", width=1), swatch((255, 128, 0), "none")
        ('\\x1b[48;2;255;128;0m \\x1b[0m', '')
    """
    if depth == "none":
        return ""
    return click.style(" " * width, bg=color if depth == "true" else nearest_of_256(color))


def nearest_of_256(color: Color) -> int:
    """Return the nearest of the 240 colors of xterm that users do not redefine.

    Example:
        >>> nearest_of_256((255, 135, 0)), nearest_of_256((10, 10, 10))
        (208, 232)
    """
    steps = [min(range(6), key=lambda step: abs(_LEVELS[step] - level)) for level in color]
    red, green, blue = steps
    in_cube = (_LEVELS[red], _LEVELS[green], _LEVELS[blue])
    mean = sum(color) / 3
    gray = min(range(len(_GRAYS)), key=lambda step: abs(_GRAYS[step] - mean))
    if _apart((_GRAYS[gray],) * 3, color) < _apart(in_cube, color):
        return _GRAY_START + gray
    return _CUBE_START + 36 * red + 6 * green + blue


def _apart(one: Color, other: Color) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))
