"""The options that describe the palette, as they were typed."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ditherlab.discrete.cells import CellRule
from ditherlab.errors import RequestError
from ditherlab.palette import (
    Color,
    HardwareGamut,
    Palette,
    is_spelled_out,
    parse_gamut,
    place_palette,
    resolve_colors,
    resolve_palette,
    spell_colors,
    spell_entries,
    spell_palette,
)
from ditherlab.recipe.rules import check_settings

_DEFAULT_NUM_COLORS = 16


def as_option(name: str) -> str:
    """Write the name of a setting as an option of the command line.

    Example:
        >>> as_option("learning_rate")
        '`--learning-rate`'
    """
    return f"`--{name.replace('_', '-')}`"


@dataclass(frozen=True, kw_only=True)
class PaletteOptions:
    """The words of the options that describe the palette.

    Attributes:
        palette: Fixed colors.
        measured: Appearance of the fixed colors on a panel, one for each.
        colors: Number of colors to learn.
        lock: Learned colors that do not change.
        gamut: Colors that the learned ones must be among.
        cells: A machine, which fixes the palette.
        transparent_index: The place of the entry for transparent pixels.

    Raises:
        RequestError: If two of the options exclude each other.
    """

    palette: str | None = None
    measured: str | None = None
    colors: int | None = None
    lock: str | None = None
    gamut: str | None = None
    cells: str | None = None
    transparent_index: int | None = None

    def __post_init__(self) -> None:
        check_settings(self.given, as_option)

    @property
    def given(self) -> dict[str, object]:
        """The options that were given, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def read_palette(self) -> Palette | int:
        """Return the fixed palette, or the number of colors to learn.

        Raises:
            RequestError: For words that cannot be meant.
            PaletteError: For a palette file that holds no palette.

        Example:
            >>> PaletteOptions(palette="#000,#fff", measured="#222,#ccc").read_palette().seen
            ((34, 34, 34), (204, 204, 204))
            >>> PaletteOptions().read_palette()
            16
        """
        palette = self._palette()
        if not isinstance(palette, Palette):
            return palette
        palette = self._measured(palette)
        if self.transparent_index is None:
            return palette
        return palette.with_transparent_index(self.transparent_index)

    def _measured(self, palette: Palette) -> Palette:
        if self.measured is None:
            return palette
        shown = resolve_colors(self.measured, "--measured")
        if len(shown) == len(palette.entries):
            shown = tuple(shown[place] for place in palette.places)
        if len(shown) != len(palette):
            raise RequestError(
                f"`--measured` must be as many colors as `--palette`, {len(palette)}, got "
                f"{len(shown)}. Give one for each, in the same order."
            )
        return replace(palette, shown=shown)

    def read_cells(self) -> CellRule | None:
        """Return the rule of the machine, whose palette is then fixed; None without one.

        Raises:
            RequestError: For an unknown machine.
        """
        if self.cells is None:
            return None
        from ditherlab.discrete.cells import cell_rule

        return cell_rule(self.cells)

    def read_locked(self) -> tuple[Color, ...]:
        """Return the learned colors that do not change.

        Raises:
            RequestError: For words that cannot be meant.
            PaletteError: For a palette file that holds no palette.
        """
        if self.lock is None:
            return ()
        return resolve_colors(self.lock, "--lock")

    def read_panel(self) -> Palette | None:
        """Return the panel that the locked colors are entries of; None if it is not named.

        Raises:
            RequestError: For words that cannot be meant.
            PaletteError: For a palette file that holds no palette.
        """
        if self.lock is None or is_spelled_out(self.lock):
            return None
        palette = resolve_palette(self.lock, "--lock")
        return palette if palette.is_panel else None

    def read_gamut(self) -> HardwareGamut | None:
        """Return the colors that can be learned; None for all.

        Raises:
            RequestError: For words that cannot be meant.
            PaletteError: For a palette file that holds no palette.
        """
        if self.gamut is None:
            return None
        return parse_gamut(self.gamut)

    def spelled_out(self, folder: Path) -> "PaletteOptions":
        """Replace names and files by colors, so that the words need no file.

        Args:
            folder: Where the files are.

        Raises:
            RequestError: For words that cannot be meant.
            PaletteError: For a palette file that holds no palette.

        Example:
            >>> PaletteOptions(colors=4, lock="black-and-white").spelled_out(Path()).lock
            '#000000,#ffffff'
        """
        if self.cells is not None:
            # The name of a machine says everything about its colors.
            return self
        placed = self._placed(folder)
        palette = placed.read_palette()
        locked, panel = placed.read_locked(), placed.read_panel()
        if isinstance(palette, Palette):
            shown = None if palette.shown is None else ",".join(spell_colors(palette.shown))
            return replace(
                placed,
                palette=",".join(spell_entries(palette)),
                measured=shown,
                transparent_index=palette.transparent,
            )
        gamut = placed.read_gamut()
        words = None if gamut is None else gamut.words
        lock = ",".join(spell_colors(locked)) if panel is None else spell_palette(panel)
        return replace(placed, colors=palette, lock=lock or None, gamut=words)

    def _placed(self, folder: Path) -> "PaletteOptions":
        def place(words: str | None) -> str | None:
            return None if words is None else place_palette(words, folder)

        return replace(
            self,
            palette=place(self.palette),
            measured=place(self.measured),
            lock=place(self.lock),
            gamut=place(self.gamut),
        )

    def _palette(self) -> Palette | int:
        rule = self.read_cells()
        if rule is not None:
            return rule.palette
        if self.palette is None:
            return _DEFAULT_NUM_COLORS if self.colors is None else self.colors
        return resolve_palette(self.palette)
