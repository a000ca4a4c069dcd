"""A palette that is learned together with the picture."""

from dataclasses import dataclass

from ditherlab.errors import RequestError
from ditherlab.palette import (
    MAX_NUM_COLORS,
    MIN_NUM_COLORS,
    Color,
    HardwareGamut,
    Palette,
    are_gray,
    checked_colors,
    merged,
    spell_colors,
)

_LAST = MAX_NUM_COLORS - 1


@dataclass(frozen=True)
class LearnedPalette:
    """The colors to learn: their number, and the limits they must keep.

    Attributes:
        num_colors: Size of the palette, 2 to 256.
        locked: 8-bit display sRGB colors that the palette begins with and that do not change; fewer
            than `num_colors`. Repeated colors are merged.
        gamut: Colors that the hardware can show; learned and locked colors are among them. None
            allows every color.
        panel: Device of the locked colors: its entries are written with its own colors and codes.
            None if only the gamut's device, if any, is known.
        transparent_index: The place of the entry for transparent pixels in the written palette, 0
            to 255; the colors take the other places. None to append one where it is needed.
        keeps_flats: Whether the colors of the largest flat areas are locked, too, as far as there
            is room; not with a gamut.

    Raises:
        RequestError: If a number is out of range, or a locked color is outside the gamut.
        PaletteRequestError: If a locked color is not a color.

    Example:
        >>> LearnedPalette(4, locked=((0, 0, 0), (0, 0, 0))).locked
        ((0, 0, 0),)
    """

    num_colors: int = 16
    locked: tuple[Color, ...] = ()
    gamut: HardwareGamut | None = None
    panel: Palette | None = None
    transparent_index: int | None = None
    keeps_flats: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "locked", merged(checked_colors(self.locked, "locked"))[0])
        if not MIN_NUM_COLORS <= self.num_colors <= MAX_NUM_COLORS:
            raise RequestError(
                f"The number of colors must be from {MIN_NUM_COLORS} to {MAX_NUM_COLORS}, got "
                f"{self.num_colors}."
            )
        if len(self.locked) >= self.num_colors:
            raise RequestError(
                f"The locked colors must be fewer than the {self.num_colors} colors of the "
                f"palette, got {len(self.locked)}. Ask for more colors, or give them as a fixed "
                "palette."
            )
        if self.transparent_index is not None and not 0 <= self.transparent_index <= _LAST:
            raise RequestError(
                f"`--transparent-index` must be from 0 to {_LAST}, got {self.transparent_index}."
            )
        if self.gamut is not None:
            self._check_gamut(self.gamut)

    @property
    def panels(self) -> tuple[Palette, ...]:
        """Devices whose entries the learned colors may be."""
        of_gamut = None if self.gamut is None else self.gamut.panel
        return tuple(panel for panel in (self.panel, of_gamut) if panel is not None)

    @property
    def may_be_gray(self) -> bool:
        """Return whether the limits allow a palette of grays for a gray picture."""
        return are_gray(self.locked) and (self.gamut is None or self.gamut.is_good_in_gray)

    def _check_gamut(self, gamut: HardwareGamut) -> None:
        if self.num_colors > gamut.num_colors:
            raise RequestError(
                f"The number of colors must be at most that of the gamut, {gamut.num_colors}, "
                f"got {self.num_colors}. Ask for fewer."
            )
        for color in self.locked:
            if not gamut.holds(color):
                given, near = spell_colors((color, gamut.nearest(color)))
                raise RequestError(
                    f"Locked colors must be in the gamut, got {given}. Lock {near}, its nearest "
                    "color."
                )
