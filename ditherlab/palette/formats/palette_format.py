"""The interface of a palette file format: sniff, parse and write."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ditherlab.palette.palette import Color, Palette


@dataclass(frozen=True)
class Swatches:
    """The contents of a palette file, not yet checked to be a palette.

    Attributes:
        colors: 8-bit display sRGB, in the order of the file, including repeated colors.
        name: The palette's name in the file; empty if the file states none.
        names: The name of each color, empty for colors without a name; or no names at all.
    """

    colors: Sequence[Color]
    name: str = ""
    names: Sequence[str] = ()


@dataclass(frozen=True)
class PaletteFormat:
    """One format of palette files.

    Attributes:
        name: The value of `--format`.
        title: Name for people.
        suffixes: The usual suffixes of its files, in lower case, the most usual first.
        sniff: Returns True if the contents of a file begin like this format. If such contents fail
            to parse, the file is a damaged file of this format.
        parse: Reads the contents; takes the name of the file for its messages, and raises only
            `PaletteError`.
        write: Returns the contents for a palette; None if the format can only be read.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    sniff: Callable[[bytes], bool]
    parse: Callable[[bytes, str], Swatches]
    write: Callable[[Palette], bytes] | None = None
