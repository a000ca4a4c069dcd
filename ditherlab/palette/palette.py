"""A palette: the few colors a dithered picture may use, as 8-bit display sRGB."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from ditherlab.errors import PaletteRequestError
from ditherlab.palette.color_table import MAX_NUM_ENTRIES, ColorTable
from ditherlab.palette.colors import (
    Color,
    are_gray,
    checked_colors,
    hex_to_color,
    merged,
    shorten,
    spell_colors,
)

if TYPE_CHECKING:
    import torch

Value = TypeVar("Value")

MIN_NUM_COLORS = 2
MAX_NUM_COLORS = 256


@dataclass(frozen=True)
class Palette:
    """A palette of 2 to 256 different colors, in the order that palette indices refer to.

    Args:
        colors: Triples of whole numbers from 0 to 255, 8-bit display sRGB. Of repeated colors, only
            the first is drawn; the others keep their places in `table`.
        name: The name of the palette in reports; may be empty.
        source: The origin of the colors, in one line; may be empty.
        shown: The color that each entry looks like, in the same order, if it differs from the color
            that is written: the measured inks of a panel. Two entries may look alike.
        names: The name of each entry, in the same order, empty for entries without a name; None if
            no entry has one.
        codes: The number from 0 to 255 by which the device knows each entry, all different; None if
            no device is known, and the codes are the indices.
        table: The entries of the file, also those that are never drawn; None if all are drawn.
        num_merged: The number of repeated colors; those found here are added to the given number.
        notes: Sentences about what was assumed or left out on reading the palette.

    Raises:
        PaletteRequestError: If a color or a code is invalid, the number of different colors is not
            from 2 to 256, or `shown`, `names` or `codes` has another length.

    Example:
        >>> palette = Palette(((0, 0, 0), (255, 128, 0), (0, 0, 0)), name="ember")
        >>> palette.hex, len(palette), palette.num_merged
        (['#000000', '#ff8000'], 2, 1)
    """

    colors: tuple[Color, ...]
    name: str = ""
    source: str = ""
    shown: tuple[Color, ...] | None = field(default=None, kw_only=True)
    names: tuple[str, ...] | None = field(default=None, kw_only=True)
    codes: tuple[int, ...] | None = field(default=None, kw_only=True)
    table: ColorTable | None = field(default=None, kw_only=True)
    num_merged: int = field(default=0, compare=False, kw_only=True)
    notes: tuple[str, ...] = field(default=(), compare=False, kw_only=True)

    def __post_init__(self) -> None:
        given = checked_colors(self.colors)
        kept, num_merged = merged(given)
        if not MIN_NUM_COLORS <= len(kept) <= MAX_NUM_COLORS:
            advice = "Add a color." if len(kept) < MIN_NUM_COLORS else "Drop some of them."
            raise PaletteRequestError(
                f"A palette must be {MIN_NUM_COLORS} to {MAX_NUM_COLORS} different colors, "
                f"got {len(kept)}. {advice}"
            )
        object.__setattr__(self, "shown", _shown_colors(given, self.shown))
        object.__setattr__(self, "names", _entry_names(given, self.names))
        object.__setattr__(self, "codes", _entry_codes(given, self.codes))
        object.__setattr__(self, "colors", kept)
        object.__setattr__(self, "num_merged", self.num_merged + num_merged)
        object.__setattr__(self, "table", _checked_table(given, kept, self.table))

    @classmethod
    def of_entries(
        cls,
        entries: Sequence[Color],
        *,
        hidden: Collection[int] = (),
        transparent: int | None = None,
        names: Sequence[str] = (),
        name: str = "",
        source: str = "",
        notes: tuple[str, ...] = (),
    ) -> "Palette":
        """Build a palette from all entries of a file, some of which are never drawn.

        Args:
            entries: 8-bit display sRGB, in the order of the file.
            hidden: Places of entries that are never drawn.
            transparent: The place of the entry for transparent pixels; None for none.
            names: The name of each entry; may be empty.
            name: The name of the palette.
            source: The origin of the colors.
            notes: Sentences about what was assumed.

        Raises:
            PaletteRequestError: If the number of drawn colors is not from 2 to 256.

        Example:
            >>> colors = [(0, 0, 0), (9, 9, 9), (0, 0, 0), (255, 0, 0)]
            >>> palette = Palette.of_entries(colors, hidden={1})
            >>> palette.hex, palette.places
            (['#000000', '#ff0000'], (0, 3))
        """
        checked = checked_colors(entries)
        never = frozenset(hidden) | (frozenset() if transparent is None else {transparent})
        shown = [place for place in range(len(checked)) if place not in never]
        called = tuple(names[place] for place in shown) if names else None
        table = None
        if len(checked) <= MAX_NUM_ENTRIES:
            table = ColorTable.of(checked, never, transparent)
        elif len(set(checked)) <= MAX_NUM_COLORS:
            notes = (*notes, f"Places are not kept: the file has over {MAX_NUM_ENTRIES} entries.")
        return cls(
            tuple(checked[place] for place in shown),
            name,
            source,
            names=called,
            table=table,
            notes=notes,
        )

    @classmethod
    def from_hex(cls, texts: Iterable[str], name: str = "", source: str = "") -> "Palette":
        """Build a palette from colors such as '#ff8000', 'ff8000' or '#f80' (display sRGB).

        Raises:
            PaletteRequestError: If a text is not a color, or there are too few or too many colors.

        Example:
            >>> Palette.from_hex(["#000", "ff8000"]).colors
            ((0, 0, 0), (255, 128, 0))
        """
        return cls(tuple(hex_to_color(text) for text in texts), name=name, source=source)

    def __len__(self) -> int:
        return len(self.colors)

    @property
    def entries(self) -> tuple[Color, ...]:
        """All entries that a picture is written with, also those that are never drawn."""
        return self.colors if self.table is None else self.table.entries

    @property
    def places(self) -> tuple[int, ...]:
        """The place in `entries` of each color."""
        return tuple(range(len(self))) if self.table is None else self.table.places

    @property
    def transparent(self) -> int | None:
        """The place of the entry for transparent pixels; None if there is none."""
        return None if self.table is None else self.table.transparent

    @property
    def all_notes(self) -> tuple[str, ...]:
        """Everything that was assumed on reading, and the number of entries that are not drawn."""
        if self.num_merged == 0:
            return self.notes
        place = "keep their places" if self.table is not None else "are left out"
        return (
            *self.notes,
            f"Repeated colors, which {place} and are not drawn: {self.num_merged}.",
        )

    @property
    def listed(self) -> tuple[tuple[Color, str], ...]:
        """Color and name of every entry, as a file without alpha can hold it.

        An entry that is never drawn becomes a copy of the first color: when the file is read, it
        keeps its place and is not drawn, if it does not stand before all drawn entries.
        """
        return self._listed(keeps_transparent=False)

    @property
    def listed_with_transparent(self) -> tuple[tuple[Color, str], ...]:
        """The same for a file that can hold a transparent entry, whose color stays as it is."""
        return self._listed(keeps_transparent=True)

    def _listed(self, *, keeps_transparent: bool) -> tuple[tuple[Color, str], ...]:
        called = dict(zip(self.places, self.entry_names, strict=True))
        drawn = dict(zip(self.colors, self.places, strict=True))
        kept = self.transparent if keeps_transparent else None
        colors = (
            color if place == kept or drawn.get(color, place + 1) <= place else self.colors[0]
            for place, color in enumerate(self.entries)
        )
        return tuple((color, called.get(place, "")) for place, color in enumerate(colors))

    def with_transparent_index(self, place: int) -> "Palette":
        """Reserve an entry for transparent pixels: its color is not drawn.

        Args:
            place: From 0 to 255; the entries are filled up to it if there are fewer.

        Raises:
            PaletteRequestError: If the place is out of range, or fewer than 2 colors are left.

        Example:
            >>> palette = Palette.from_hex(["#f0f", "#000", "#fff"]).with_transparent_index(0)
            >>> palette.hex, palette.places, palette.transparent
            (['#000000', '#ffffff'], (1, 2), 0)
        """
        table = (self.table or ColorTable.of(self.colors)).with_transparent(place)
        # Without its first entry, a color may be drawn at a later place.
        kept = [self.colors.index(color) for color in table.colors]

        def keep(values: tuple[Value, ...] | None) -> tuple[Value, ...] | None:
            return None if values is None else tuple(values[index] for index in kept)

        return replace(
            self,
            colors=table.colors,
            shown=keep(self.shown),
            names=keep(self.names),
            codes=keep(self.codes),
            table=table,
        )

    @property
    def seen(self) -> tuple[Color, ...]:
        """The colors that are seen: `shown` if it is known, else `colors`."""
        return self.colors if self.shown is None else self.shown

    @property
    def hex(self) -> list[str]:
        """Every color, as it is written, as '#rrggbb', 8-bit display sRGB."""
        return spell_colors(self.colors)

    @property
    def labels(self) -> tuple[str, ...]:
        """The name of every entry, or '#rrggbb' if it has none.

        Example:
            >>> Palette(((0, 0, 0), (255, 128, 0)), names=("", "glow")).labels
            ('#000000', 'glow')
        """
        called = zip(self.entry_names, self.hex, strict=True)
        return tuple(name or spelled for name, spelled in called)

    @property
    def entry_names(self) -> tuple[str, ...]:
        """The name of every entry, empty if it has none."""
        return self.names or ("",) * len(self)

    @property
    def is_panel(self) -> bool:
        """True if the palette is that of a known device, with shown colors or codes."""
        return self.shown is not None or self.codes is not None

    @property
    def is_gray(self) -> bool:
        """True if red, green and blue are equal in every color that is seen."""
        return are_gray(self.seen)

    def srgb(
        self, device: "torch.device | str | None" = None, dtype: "torch.dtype | None" = None
    ) -> "torch.Tensor":
        """Return the colors that are seen as a tensor of display sRGB.

        Args:
            device: Device of the tensor; by default the CPU.
            dtype: A floating dtype; by default torch's default dtype.

        Returns:
            Shape `[k c]`, display sRGB in [0, 1], rounded to the nearest value of `dtype`.

        Example:
            >>> Palette.from_hex(["#000", "#fff"]).srgb().tolist()
            [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]
        """
        import torch

        # Not every device has float64, so the division happens before the move.
        exact = torch.tensor(self.seen, dtype=torch.float64, device="cpu") / 255
        return exact.to(dtype or torch.get_default_dtype()).to(device or "cpu")


def _checked_table(
    given: tuple[Color, ...], kept: tuple[Color, ...], table: ColorTable | None
) -> ColorTable | None:
    """Return the table of repeated or hidden entries; None if every entry is drawn."""
    if table is None:
        table = ColorTable.of(given) if len(given) <= MAX_NUM_ENTRIES else None
    elif table.colors != kept:
        raise PaletteRequestError(
            "The table of a palette must draw its colors, in their order, got others."
        )
    return None if table is None or table.is_plain else table


def _shown_colors(
    given: tuple[Color, ...], shown: Iterable[Color] | None
) -> tuple[Color, ...] | None:
    """Check `shown` and drop repeated entries; return None if it equals the given colors."""
    if shown is None:
        return None
    checked = _of_entries(given, checked_colors(shown, "shown"), "The colors shown")
    return None if checked == tuple(dict.fromkeys(given)) else checked


def _entry_names(given: tuple[Color, ...], names: Iterable[str] | None) -> tuple[str, ...] | None:
    """Drop the names of repeated entries; return None if no name is left."""
    if names is None:
        return None
    kept = _of_entries(given, tuple(names), "The names")
    return kept if any(kept) else None


def _entry_codes(given: tuple[Color, ...], codes: Iterable[int] | None) -> tuple[int, ...] | None:
    """Check the codes and drop those of repeated entries."""
    if codes is None:
        return None
    kept = _of_entries(given, tuple(codes), "The codes")
    if len(set(kept)) < len(kept) or not all(0 <= code <= 255 for code in kept):
        raise PaletteRequestError(
            f"The codes must be different whole numbers from 0 to 255, got {shorten(kept)}. "
            "Give those of the device."
        )
    return kept


def _of_entries(
    given: tuple[Color, ...], values: tuple[Value, ...], what: str
) -> tuple[Value, ...]:
    """Return one value for each different color, from one for each given or different color."""
    num_entries = len(dict.fromkeys(given))
    if len(values) not in (len(given), num_entries):
        raise PaletteRequestError(
            f"{what} must be as many as the colors of the palette, {num_entries}, got "
            f"{len(values)}. Give one for each, in the same order."
        )
    if len(values) == num_entries:
        return values
    firsts = dict(zip(reversed(given), reversed(values), strict=True))
    return tuple(firsts[color] for color in dict.fromkeys(given))
