"""What a format of palette files is: how to know it, to read it and to write it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ditherlab.palette.palette import Color, Palette


@dataclass(frozen=True)
class Swatches:
    """What a file holds, before anybody asks whether it makes a palette.

    Attributes:
        colors: 8-bit display sRGB, in the order of the file, repeated ones included.
        name: Of the palette, as the file states it; empty if it does not.
        names: Of the colors, one for each, empty for those that have none; or none at all.
    """

    colors: Sequence[Color]
    name: str = ""
    names: Sequence[str] = ()


@dataclass(frozen=True)
class PaletteFormat:
    """One format of palette files.

    Attributes:
        name: What `--format` calls it.
        title: What a person calls it.
        suffixes: With which its files usually end, lower case, the most usual first.
        sniff: Says of the contents of a file whether they begin like this format. Contents that do
            and go wrong later are a broken file of this format.
        parse: Reads the contents; gets the name of the file for its messages, and raises
            `PaletteError` alone.
        write: Gives the contents for a palette; None if the format can only be read.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    sniff: Callable[[bytes], bool]
    parse: Callable[[bytes, str], Swatches]
    write: Callable[[Palette], bytes] | None = None
