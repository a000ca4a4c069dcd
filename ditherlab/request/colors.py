"""Everything that can stand for a palette, or for single colors, in Python."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ditherlab.errors import PaletteRequestError
from ditherlab.naming import spell_value
from ditherlab.palette import Color, Palette, checked_colors, hex_to_color, read_palette_file

if TYPE_CHECKING:
    import numpy.typing as npt
    from torch import Tensor

    Colors: TypeAlias = Sequence[str] | Sequence[Sequence[float]] | npt.NDArray[Any] | Tensor
    """Colors: hexadecimal texts, or rows of red, green and blue."""

_INSTEAD = (
    "Give a name such as 'pico-8', a file, a text of colors, a list such as ['#000', '#f80'], an "
    "array [k, 3] of uint8 or of floats from 0 to 1, or a `Palette`"
)


def as_palette(value: Any) -> Any:
    """Return words, numbers and palettes as they are, and a file or colors as a `Palette`.

    Args:
        value: What was given as a palette; None for nothing.

    Raises:
        PaletteRequestError: For colors that are not valid, or a value of another kind.
        PaletteError: For a palette file that holds no palette.

    Example:
        >>> as_palette([(0, 0, 0), (255, 128, 0)]).hex, as_palette(np.eye(3)).hex[0], as_palette(16)
        (['#000000', '#ff8000'], '#ff0000', 16)
    """
    if value is None or isinstance(value, str | Palette):
        return value
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, os.PathLike):
        return read_palette_file(value)
    # One exists only if this room, which loads torch, was imported.
    problem = sys.modules.get("ditherlab.problem")
    if problem is not None and isinstance(value, problem.LearnedPalette):
        return value
    return Palette(as_colors(value, "palette"))


def as_colors(value: Any, name: str) -> tuple[Color, ...]:
    """Return colors in 8-bit display sRGB.

    Args:
        value: Hexadecimal texts; rows of three whole numbers from 0 to 255, or floats from 0 to 1.
        name: Of the parameter, for messages.

    Raises:
        PaletteRequestError: For anything else.
    """
    if isinstance(value, Palette):
        return value.seen
    if isinstance(value, list | tuple) and value and all(isinstance(c, str) for c in value):
        return tuple(hex_to_color(text) for text in value)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    try:
        rows = np.asarray(value)
    except ValueError:
        rows = np.empty(0, dtype=object)
    if rows.ndim != 2 or rows.shape[1] != 3 or rows.dtype.kind not in "iuf":
        raise PaletteRequestError(f"`{name}` must be colors, got {_spell(value)}. {_INSTEAD}.")
    if rows.dtype.kind == "f":
        if not (rows >= 0).all() or not (rows <= 1).all():
            raise PaletteRequestError(
                f"`{name}` must have floats from 0 to 1, got {rows.min():g} to {rows.max():g}. "
                "Divide by 255, or give whole numbers."
            )
        rows = (rows * 255).round().astype(np.uint8)
    elif rows.dtype != np.uint8 and rows.size and 0 < rows.max() <= 1 and rows.min() >= 0:
        raise PaletteRequestError(
            f"`{name}` must have whole numbers from 0 to 255, or floats from 0 to 1, got whole "
            "numbers that are all 0 or 1. Give floats, or an array of uint8 for nearly black."
        )
    return checked_colors(rows, name)


def _spell(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype} of shape {list(value.shape)}"
    shown = spell_value(value)
    return shown if len(shown) <= 60 else f"{shown[:59]}…"
