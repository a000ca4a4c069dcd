"""The options that describe the palette: words as they were typed, or objects of Python."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from ditherlab.request.colors import as_colors, as_palette

if TYPE_CHECKING:
    import os

    from ditherlab.problem import LearnedPalette
    from ditherlab.request.colors import Colors

_DEFAULT_NUM_COLORS = 16

# Options that a `LearnedPalette` states itself.
_ABOUT_LEARNING = ("colors", "lock", "gamut", "transparent_index")


def as_option(name: str) -> str:
    """Write the name of a setting as an option of the command line.

    Example:
        >>> as_option("learning_rate")
        '`--learning-rate`'
    """
    return f"`--{name.replace('_', '-')}`"


@dataclass(frozen=True, kw_only=True)
class PaletteOptions:
    """The options that describe the palette, as words or objects.

    Attributes:
        palette: Fixed colors: words, a file, a `Palette`, hexadecimal texts or an array `[k, 3]`;
            or a number of colors to learn, or a `LearnedPalette`.
        measured: Appearance of the fixed colors on a panel, one for each.
        colors: Number of colors to learn.
        lock: Learned colors that do not change.
        gamut: Colors that the learned ones must be among.
        cells: A machine, which fixes the palette.
        transparent_index: The place of the entry for transparent pixels.

    Raises:
        RequestError: If two of the options exclude each other.
        PaletteRequestError: For colors that are not valid.
        PaletteError: For a path of a palette file that holds no palette.
    """

    palette: "str | os.PathLike[str] | int | Palette | LearnedPalette | Colors | None" = None
    measured: "str | Palette | Colors | None" = None
    colors: int | None = None
    lock: "str | Palette | Colors | None" = None
    gamut: str | HardwareGamut | None = None
    cells: str | CellRule | None = None
    transparent_index: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "palette", as_palette(self.palette))
        check_settings(self.given, as_option)
        if self.palette is None or isinstance(self.palette, str | Palette):
            return
        # A number of colors to learn, or all about them.
        others = [name for name in _ABOUT_LEARNING if getattr(self, name) is not None]
        is_number = isinstance(self.palette, int)
        doubled = [name for name in others if name == "colors" or not is_number]
        if doubled:
            said = "a number of colors to learn" if is_number else "a `LearnedPalette`"
            raise RequestError(
                f"`--palette` is {said}, and {as_option(doubled[0])} says the same: give one of "
                "the two."
            )

    @property
    def given(self) -> dict[str, object]:
        """The options that were given, by name; a palette to learn is one of `colors`."""
        values = {option.name: getattr(self, option.name) for option in fields(self)}
        if not isinstance(self.palette, str | Palette | None):
            values["palette"], values["colors"] = None, self.palette
        return {name: value for name, value in values.items() if value is not None}

    def read_palette(self) -> "Palette | LearnedPalette | int":
        """Return the fixed palette, the one to learn, or the number of colors to learn.

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
        shown = _colors(self.measured, "measured")
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
        if self.cells is None or isinstance(self.cells, CellRule):
            return self.cells
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
        return _colors(self.lock, "lock")

    def read_panel(self) -> Palette | None:
        """Return the panel that the locked colors are entries of; None if it is not named.

        Raises:
            RequestError: For words that cannot be meant.
            PaletteError: For a palette file that holds no palette.
        """
        palette: Any = self.lock
        if isinstance(palette, str) and not is_spelled_out(palette):
            palette = resolve_palette(palette, "--lock")
        return palette if isinstance(palette, Palette) and palette.is_panel else None

    def read_gamut(self) -> HardwareGamut | None:
        """Return the colors that can be learned; None for all.

        Raises:
            RequestError: For words that cannot be meant.
            PaletteError: For a palette file that holds no palette.
        """
        if self.gamut is None or isinstance(self.gamut, HardwareGamut):
            return self.gamut
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
        if not isinstance(palette, int):
            raise TypeError("A learned palette has no words.")
        gamut = placed.read_gamut()
        words = None if gamut is None else gamut.words
        lock = ",".join(spell_colors(locked)) if panel is None else spell_palette(panel)
        return replace(placed, colors=palette, lock=lock or None, gamut=words)

    def _placed(self, folder: Path) -> "PaletteOptions":
        def place(words: Any) -> Any:
            return place_palette(words, folder) if isinstance(words, str) else words

        return replace(
            self,
            palette=place(self.palette),
            measured=place(self.measured),
            lock=place(self.lock),
            gamut=place(self.gamut),
        )

    def _palette(self) -> "Palette | LearnedPalette | int":
        rule = self.read_cells()
        if rule is not None:
            return rule.palette
        palette: Any = self.palette
        if palette is None:
            return _DEFAULT_NUM_COLORS if self.colors is None else self.colors
        return resolve_palette(palette) if isinstance(palette, str) else palette


def _colors(value: Any, name: str) -> tuple[Color, ...]:
    if isinstance(value, str):
        return resolve_colors(value, f"--{name}")
    return as_colors(value, name)
