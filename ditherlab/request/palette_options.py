"""Which colors a picture may have, as it was typed: fixed ones, or how many to find and where."""

from dataclasses import dataclass, replace
from pathlib import Path

from ditherlab.discrete.cells import CellRule, cell_rule
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
    spell_palette,
)

_DEFAULT_NUM_COLORS = 16


@dataclass(frozen=True, kw_only=True)
class PaletteOptions:
    """The words of the options that say which colors there are.

    Attributes:
        palette: Fixed colors.
        measured: What those look like, one for each.
        colors: How many to find.
        lock: Those among them that are known.
        gamut: Of which they must be.
        cells: A machine, which fixes all this.
    """

    palette: str | None = None
    measured: str | None = None
    colors: int | None = None
    lock: str | None = None
    gamut: str | None = None
    cells: str | None = None

    def read_palette(self) -> Palette | int:
        """Understand which colors are meant: a fixed palette, or how many to find.

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
        if self.measured is None:
            return palette
        if not isinstance(palette, Palette):
            raise RequestError(
                "`--measured` must stand beside a `--palette`, whose colors look like that. Give "
                "both."
            )
        shown = resolve_colors(self.measured, "--measured")
        if len(shown) != len(palette):
            raise RequestError(
                f"`--measured` must be as many colors as `--palette`, {len(palette)}, got "
                f"{len(shown)}. Give one for each, in the same order."
            )
        return replace(palette, shown=shown)

    def read_cells(self) -> CellRule | None:
        """Understand which machine is meant, whose palette is then fixed.

        Raises:
            RequestError: For an unknown machine, or other words about colors beside it.
        """
        if self.cells is None:
            return None
        others = {
            "--palette": self.palette,
            "--colors": self.colors,
            "--lock": self.lock,
            "--measured": self.measured,
            "--gamut": self.gamut,
        }
        for option, word in others.items():
            if word is not None:
                raise RequestError(
                    f"`--cells` fixes the colors to those of the machine, and `{option}` says "
                    "something else of them: give one of the two."
                )
        return cell_rule(self.cells)

    def read_locked(self) -> tuple[Color, ...]:
        """Understand which of the colors stay as they are.

        Raises:
            RequestError: For words that cannot be meant.
            PaletteError: For a palette file that holds no palette.
        """
        if self.lock is None:
            return ()
        if self.palette is not None:
            raise RequestError(
                "`--lock` keeps some of the `--colors`, and `--palette` fixes all: give one of the "
                "two."
            )
        return resolve_colors(self.lock, "--lock")

    def read_panel(self) -> Palette | None:
        """Understand which device the locked colors are entries of; None if that is not said.

        Raises:
            RequestError: For words that cannot be meant.
            PaletteError: For a palette file that holds no palette.
        """
        if self.lock is None or is_spelled_out(self.lock):
            return None
        palette = resolve_palette(self.lock, "--lock")
        return palette if palette.is_panel else None

    def read_gamut(self) -> HardwareGamut | None:
        """Understand which colors can be learned; None for all.

        Raises:
            RequestError: For words that cannot be meant.
            PaletteError: For a palette file that holds no palette.
        """
        if self.gamut is None:
            return None
        if self.palette is not None:
            raise RequestError(
                "`--gamut` limits the `--colors` that are learned, and `--palette` fixes all: give "
                "one of the two."
            )
        return parse_gamut(self.gamut)

    def spelled_out(self, folder: Path) -> "PaletteOptions":
        """Write colors in place of names and files, so that the words are complete in themselves.

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
            return replace(placed, palette=",".join(palette.hex), measured=shown)
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
        if self.colors is not None:
            raise RequestError(
                "`--palette` fixes the colors and `--colors` learns them: give one of the two."
            )
        return resolve_palette(self.palette)
