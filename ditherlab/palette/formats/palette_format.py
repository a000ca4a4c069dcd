"""The interface of a palette file format: sniff, parse and write."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ditherlab.palette.colors import Color, spell_colors
from ditherlab.palette.palette import Palette


@dataclass(frozen=True)
class Swatches:
    """The contents of a palette file, not yet checked to be a palette.

    Attributes:
        colors: 8-bit display sRGB, in the order of the file, including repeated colors.
        name: The palette's name in the file; empty if the file states none.
        names: The name of each color, empty for colors without a name; or no names at all.
        hidden: Places of colors that are never drawn but keep their place, such as unused ones.
        transparent: The place of the entry for transparent pixels, which is hidden too; None if
            there is none.
        notes: Sentences about what was assumed or left out.
    """

    colors: Sequence[Color]
    name: str = ""
    names: Sequence[str] = ()
    hidden: frozenset[int] = frozenset()
    transparent: int | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def with_alpha(
        cls,
        colors: Sequence[tuple[int, int, int, int]],
        name: str = "",
        names: Sequence[str] = (),
        notes: tuple[str, ...] = (),
    ) -> "Swatches":
        """Make swatches of colors with alpha; fully transparent ones are hidden, with a note.

        Args:
            colors: Display sRGB and alpha, 0 to 255.
            name: The palette's name.
            names: The name of each color.
            notes: Sentences about anything else.
        """
        clear = [place for place, color in enumerate(colors) if color[3] == 0]
        if clear:
            word = "entry is" if len(clear) == 1 else "entries are"
            notes = (*notes, f"{len(clear)} transparent {word} not drawn, and kept in place.")
        return cls(
            [color[:3] for color in colors],
            name,
            names,
            frozenset(clear),
            clear[0] if clear else None,
            notes,
        )


def spelled_entries(palette: Palette) -> list[str]:
    """Write every entry of a palette as '#rrggbb', also those that keep a place."""
    return spell_colors(color for color, _ in palette.listed)


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
