"""What the file of a peer describes."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.quality.task import BOTH, Pixels, Task


@dataclass(frozen=True)
class Peer:
    """A dithering tool from the package index, in one way of using it.

    Attributes:
        name: As it stands in the tables.
        package: In the package index; its release is reported.
        modules: Imported before the clock starts.
        dither: Does a task; may raise anything.
        palettes: The kinds of palette that it can do.
    """

    name: str
    package: str
    modules: tuple[str, ...]
    dither: Callable[[Task], Pixels]
    palettes: frozenset[str] = BOTH
