"""What a tool is asked for, and what it gives back."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""A picture, display sRGB, `[h w 3]`."""
Color = tuple[int, int, int]


@dataclass(frozen=True)
class Task:
    """Dither a picture.

    Attributes:
        pixels: The picture.
        colors: A fixed palette, or the k-means palette of the picture for tools that cannot
            choose colors by themselves.
        is_learned: Whether a tool may choose as many colors of its own.
        seed: For tools that draw random numbers.
    """

    pixels: Pixels
    colors: tuple[Color, ...]
    is_learned: bool
    seed: int = 0

    @property
    def hex_colors(self) -> tuple[str, ...]:
        """The palette as `#112233`."""
        return tuple("#{:02x}{:02x}{:02x}".format(*color) for color in self.colors)


@dataclass(frozen=True)
class Outcome:
    """What a tool made.

    Attributes:
        cpu_s: CPU seconds of the dithering, without the start of Python and the imports.
        version: Of the tool.
    """

    pixels: Pixels
    cpu_s: float
    version: str


@dataclass(frozen=True)
class Tool:
    """A dithering tool in one way of using it.

    Attributes:
        name: As it stands in the tables.
        palettes: The kinds of palette that it can do: `fixed`, `learned`.
        dither: Does a task, or raises `ToolError`.
        is_ours: Whether it is ditherlab.
        is_random: Whether the seed changes what it does.
    """

    name: str
    palettes: frozenset[str]
    dither: Callable[[Task], Outcome]
    is_ours: bool = False
    is_random: bool = False

    def can_do(self, task: Task) -> bool:
        """Say whether the tool has a way to do a task at all."""
        return ("learned" if task.is_learned else "fixed") in self.palettes


class ToolError(RuntimeError):
    """A tool is not installed, or failed; the message says why."""


BOTH = frozenset({"fixed", "learned"})
ONLY_FIXED = frozenset({"fixed"})
ONLY_LEARNED = frozenset({"learned"})
