"""The table of a palette: all entries of its file, also those that are never drawn."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from ditherlab.errors import PaletteRequestError
from ditherlab.palette.colors import Color

# The most entries of an indexed picture.
MAX_NUM_ENTRIES = 256
_FILLER = (0, 0, 0)


@dataclass(frozen=True)
class ColorTable:
    """The entries that a picture is written with, and which of them are drawn.

    Attributes:
        entries: 8-bit display sRGB, in the order of the file, also repeated and unused ones.
        places: The place in `entries` of each color that is drawn.
        transparent: The place of the entry for transparent pixels; None if there is none.
        never: Places of entries that are not drawn whatever else changes, unlike repeated colors.

    Raises:
        PaletteRequestError: If there are more than 256 entries.
    """

    entries: tuple[Color, ...]
    places: tuple[int, ...]
    transparent: int | None = None
    never: frozenset[int] = field(default=frozenset(), compare=False)

    def __post_init__(self) -> None:
        if len(self.entries) > MAX_NUM_ENTRIES:
            raise PaletteRequestError(
                f"A palette must have at most {MAX_NUM_ENTRIES} entries, with those that are not "
                f"drawn, got {len(self.entries)}. Drop some of them."
            )

    @classmethod
    def of(
        cls,
        entries: Sequence[Color],
        hidden: Collection[int] = (),
        transparent: int | None = None,
    ) -> "ColorTable":
        """Draw the first entry of each color, except hidden ones.

        Example:
            >>> ColorTable.of([(0, 0, 0), (9, 9, 9), (0, 0, 0)], hidden={0}).places
            (1, 2)
        """
        first: dict[Color, int] = {}
        for place, color in enumerate(entries):
            if place not in hidden and place != transparent:
                first.setdefault(color, place)
        return cls(tuple(entries), tuple(first.values()), transparent, frozenset(hidden))

    @property
    def colors(self) -> tuple[Color, ...]:
        """The colors that are drawn."""
        return tuple(self.entries[place] for place in self.places)

    @property
    def hidden(self) -> frozenset[int]:
        """The places of all entries that are not drawn."""
        return frozenset(range(len(self.entries))) - frozenset(self.places)

    @property
    def is_plain(self) -> bool:
        """Return whether all entries are drawn, so that the table says nothing more than colors."""
        return self.transparent is None and len(self.places) == len(self.entries)

    def with_transparent(self, place: int) -> "ColorTable":
        """Reserve an entry for transparent pixels; its color is then not drawn there.

        Entries before it are filled up where the table is shorter.

        Raises:
            PaletteRequestError: If the place is not from 0 to 255.
        """
        if not 0 <= place < MAX_NUM_ENTRIES:
            raise PaletteRequestError(
                f"`--transparent-index` must be from 0 to {MAX_NUM_ENTRIES - 1}, got {place}."
            )
        num_fillers = max(0, place + 1 - len(self.entries))
        fillers = range(len(self.entries), len(self.entries) + num_fillers)
        never = self.never | {*fillers, *([] if self.transparent is None else [self.transparent])}
        entries = (*self.entries, *[_FILLER] * num_fillers)
        return ColorTable.of(entries, never, place)

    def make_room(self, place: int) -> "ColorTable":
        """Insert an entry for transparent pixels at a place; later entries move up by one.

        Raises:
            PaletteRequestError: If there are too many entries then, or the place is out of range.
        """
        if place >= len(self.entries):
            return self.with_transparent(place)
        entries = (*self.entries[:place], _FILLER, *self.entries[place:])
        never = {other + (other >= place) for other in self.never}
        return ColorTable.of(entries, never, place)
