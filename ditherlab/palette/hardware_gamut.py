"""The set of all colors that a display can show, from which a learned palette is chosen."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from ditherlab.errors import PaletteRequestError
from ditherlab.naming import nearest_name
from ditherlab.palette.colors import Color, are_gray, quoted
from ditherlab.palette.palette import Palette
from ditherlab.palette.panels import spell_palette
from ditherlab.palette.request import resolve_palette

# The bits of red, green and blue.
_NAMED_BITS = {
    "rgb332": (3, 3, 2),
    "rgb444": (4, 4, 4),
    "rgb555": (5, 5, 5),
    "rgb565": (5, 6, 5),
}
_BITS = re.compile(r"bits=([0-9]{1,9})")
_MAX_BITS = 8

Levels = tuple[int, ...]


@dataclass(frozen=True)
class HardwareGamut:
    """All colors that a display can show: levels of each channel, or a list of colors.

    Attributes:
        words: Its name: `rgb332`, the name of a panel, or the colors separated by commas.
        levels: The 8-bit levels of red, green and blue, in ascending order; None for a list.
        listed: The list of colors; None if every combination of levels can be shown.
        panel: The panel whose entries the listed colors are; None if no device is known.
    """

    words: str
    levels: tuple[Levels, Levels, Levels] | None = None
    listed: tuple[Color, ...] | None = None
    panel: Palette | None = None

    @classmethod
    def of_bits(cls, words: str, bits: tuple[int, int, int]) -> "HardwareGamut":
        """Make a gamut from the bits of each channel.

        Level `v` is `v * 255 / (2^bits - 1)`, rounded.

        Example:
            >>> HardwareGamut.of_bits("bits=2", (2, 2, 2)).levels[0]
            (0, 85, 170, 255)
        """
        red, green, blue = (_levels(number) for number in bits)
        return cls(words, levels=(red, green, blue))

    @classmethod
    def of_palette(cls, palette: Palette) -> "HardwareGamut":
        """Make a gamut of the colors of a palette, as they are seen."""
        listed = tuple(dict.fromkeys(palette.seen))
        panel = palette if palette.is_panel else None
        return cls(spell_palette(palette), listed=listed, panel=panel)

    @property
    def num_colors(self) -> int:
        """Number of colors that can be shown."""
        if self.levels is None:
            return len(self.listed or ())
        red, green, blue = map(len, self.levels)
        return red * green * blue

    @property
    def is_good_in_gray(self) -> bool:
        """True if a gray picture can be restricted to grays without loss."""
        if self.levels is None:
            return are_gray(self.listed or ())
        red, green, blue = self.levels
        return red == green == blue

    @property
    def colors(self) -> tuple[Color, ...]:
        """All colors; there may be millions."""
        if self.levels is None:
            return self.listed or ()
        return tuple(product(*self.levels))

    def holds(self, color: Color) -> bool:
        """Return True if a color can be shown."""
        return self.nearest(color) == color

    def nearest(self, color: Color) -> Color:
        """Return the color of the gamut that is nearest in display sRGB.

        Example:
            >>> parse_gamut("rgb332").nearest((250, 60, 100))
            (255, 73, 85)
        """
        if self.levels is None:
            return min(self.colors, key=lambda known: _distance(known, color))
        red, green, blue = (
            _nearest_level(levels, value) for levels, value in zip(self.levels, color, strict=True)
        )
        return red, green, blue


def parse_gamut(text: str) -> HardwareGamut:
    """Parse the value of `--gamut`: `rgb332`, `rgb444`, `rgb555`, `rgb565`, `bits=N`, or a palette.

    Raises:
        PaletteRequestError: If the text is not a gamut.
        PaletteError: If a file does not hold a palette of up to 256 colors.

    Example:
        >>> parse_gamut("rgb565").num_colors, parse_gamut("#000,#f80,#fff").num_colors
        (65536, 3)
    """
    words = text.strip()
    if words in _NAMED_BITS:
        return HardwareGamut.of_bits(words, _NAMED_BITS[words])
    if words.startswith("bits="):
        match = _BITS.fullmatch(words)
        number = int(match[1]) if match else 0
        if not 1 <= number <= _MAX_BITS:
            raise PaletteRequestError(
                f"`--gamut bits=N` must be from 1 to {_MAX_BITS} bits a channel, got "
                f"{quoted(words)}. Try bits=4."
            )
        return HardwareGamut.of_bits(words, (number, number, number))
    if words.startswith("rgb") and words[3:].isdigit():
        raise PaletteRequestError(
            f"`--gamut` must be a known bit layout, got {quoted(words)}. "
            + nearest_name(words, _NAMED_BITS)
        )
    return HardwareGamut.of_palette(resolve_palette(words, "--gamut"))


def _levels(num_bits: int) -> Levels:
    highest = (1 << num_bits) - 1
    return tuple(round(value * 255 / highest) for value in range(highest + 1))


def _nearest_level(levels: Sequence[int], value: int) -> int:
    above = bisect_left(levels, value)
    return min(levels[max(above - 1, 0) : above + 1], key=lambda level: abs(level - value))


def _distance(one: Color, other: Color) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))
