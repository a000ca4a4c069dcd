"""The colors that a display can show at all, of which a learned palette may take some."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from ditherlab.errors import PaletteRequestError
from ditherlab.naming import nearest_name
from ditherlab.palette.palette import Color, Palette, are_gray, quoted
from ditherlab.palette.panels import spell_palette
from ditherlab.palette.request import resolve_palette

# Bits of red, green and blue.
_NAMED_BITS = {
    "rgb332": (3, 3, 2),
    "rgb444": (4, 4, 4),
    "rgb555": (5, 5, 5),
    "rgb565": (5, 6, 5),
}
_BITS = re.compile(r"bits=(\d+)")
_MAX_BITS = 8

Levels = tuple[int, ...]


@dataclass(frozen=True)
class HardwareGamut:
    """All colors that can be shown: some levels of each channel, or a list of colors.

    Attributes:
        words: What it is called: `rgb332`, a panel's name, or the colors themselves with commas
            between them.
        levels: The 8-bit levels of red, green and blue, rising; None for a list.
        listed: The colors of a list; None where every mixture of levels is one.
        panel: The entries of a device that the colors of a list are; None where none is known.
    """

    words: str
    levels: tuple[Levels, Levels, Levels] | None = None
    listed: tuple[Color, ...] | None = None
    panel: Palette | None = None

    @classmethod
    def of_bits(cls, words: str, bits: tuple[int, int, int]) -> "HardwareGamut":
        """Spread the numbers of so many bits evenly: `v` becomes `v * 255 / (2^bits - 1)`, rounded.

        Example:
            >>> HardwareGamut.of_bits("bits=2", (2, 2, 2)).levels[0]
            (0, 85, 170, 255)
        """
        red, green, blue = (_levels(number) for number in bits)
        return cls(words, levels=(red, green, blue))

    @classmethod
    def of_palette(cls, palette: Palette) -> "HardwareGamut":
        """Take the colors that a palette is seen in."""
        listed = tuple(dict.fromkeys(palette.seen))
        panel = palette if palette.is_panel else None
        return cls(spell_palette(palette), listed=listed, panel=panel)

    @property
    def num_colors(self) -> int:
        """How many colors can be shown."""
        if self.levels is None:
            return len(self.listed or ())
        red, green, blue = map(len, self.levels)
        return red * green * blue

    @property
    def is_good_in_gray(self) -> bool:
        """Say whether a gray picture loses nothing by grays alone."""
        if self.levels is None:
            return are_gray(self.listed or ())
        red, green, blue = self.levels
        return red == green == blue

    @property
    def colors(self) -> tuple[Color, ...]:
        """List all colors, of which there may be millions."""
        if self.levels is None:
            return self.listed or ()
        return tuple(product(*self.levels))

    def holds(self, color: Color) -> bool:
        """Say whether a color can be shown."""
        return self.nearest(color) == color

    def nearest(self, color: Color) -> Color:
        """Return the color that is nearest in display sRGB.

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
    """Understand `--gamut`: `rgb332`, `rgb444`, `rgb555`, `rgb565`, `bits=N`, or a palette.

    Raises:
        PaletteRequestError: For words that cannot be meant.
        PaletteError: For a file that holds no palette of up to 256 colors.

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
            f"`--gamut` must be a known arrangement of bits, got {quoted(words)}. "
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
