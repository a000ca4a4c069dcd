"""What a machine allows: which colors may stand together in a cell."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ditherlab.errors import RequestError
from ditherlab.palette import Palette


@dataclass(frozen=True, kw_only=True)
class CellRule:
    """Cells of a picture, counted from its top left, and the sub-palettes of which each has one.

    A picture whose size is no multiple of a cell's ends in parts of cells, to which the same
    applies.

    Attributes:
        name: What reports call the machine.
        palette: All colors of the machine.
        height_px: Of a cell.
        width_px: Of a cell.
        subpalettes: Palette indices that may stand together in a cell, equally many in each.
        source: Where the facts come from, in one line.

    Raises:
        RequestError: If a size is below 1, or the sub-palettes are none of the palette.

    Example:
        >>> black_and_white = Palette.from_hex(["000", "fff"])
        >>> rule = CellRule(
        ...     name="tiles",
        ...     palette=black_and_white,
        ...     height_px=1,
        ...     width_px=2,
        ...     subpalettes=((0,), (1,)),
        ...     source="An example",
        ... )
        >>> rule.num_breaches(np.array([[0, 0, 1, 0, 1]]))
        1
    """

    name: str
    palette: Palette
    height_px: int
    width_px: int
    subpalettes: tuple[tuple[int, ...], ...]
    source: str

    def __post_init__(self) -> None:
        if min(self.height_px, self.width_px) < 1:
            raise RequestError(
                f"A cell of `{self.name}` must be at least 1 pixel high and wide, got "
                f"{self.width_px} x {self.height_px}."
            )
        sizes = {len(set(subpalette)) for subpalette in self.subpalettes}
        if len(sizes) != 1 or sizes != {len(subpalette) for subpalette in self.subpalettes}:
            raise RequestError(
                f"The sub-palettes of `{self.name}` must be equally many different colors, at "
                f"least one sub-palette, got {sorted(sizes)} colors."
            )
        colors = set().union(*self.subpalettes)
        if not colors <= set(range(len(self.palette))) or sizes == {0}:
            raise RequestError(
                f"The sub-palettes of `{self.name}` must be indices from 0 to "
                f"{len(self.palette) - 1}, at least one, got {sorted(colors)}."
            )

    @property
    def num_colors_in_cell(self) -> int:
        """How many colors may stand in a cell."""
        return len(self.subpalettes[0])

    @property
    def members(self) -> npt.NDArray[np.bool_]:
        """Whether each sub-palette has each color of the palette, `[s k]`."""
        members = np.zeros((len(self.subpalettes), len(self.palette)), dtype=np.bool_)
        members[np.arange(len(members))[:, None], np.array(self.subpalettes)] = True
        return members

    def num_breaches(
        self,
        indices: npt.NDArray[np.integer],
        opaque: npt.NDArray[np.bool_] | None = None,
    ) -> int:
        """Count the cells whose colors are in no sub-palette together.

        Args:
            indices: Palette indices, `[h w]`.
            opaque: Where pixels count; None for everywhere.
        """
        height, width = indices.shape
        rows = np.arange(height)[:, None] // self.height_px
        columns = np.arange(width) // self.width_px
        cells = rows * (1 + (width - 1) // self.width_px) + columns
        counted = np.ones_like(cells, dtype=np.bool_) if opaque is None else opaque
        shown = np.zeros((int(cells.max()) + 1, len(self.palette)), dtype=np.bool_)
        shown[cells[counted], indices[counted]] = True
        # Few different sets of colors stand in the many cells.
        sets, counts = np.unique(shown, axis=0, return_counts=True)
        lacks = (sets.astype(np.int64) @ (~self.members).T.astype(np.int64)).min(axis=1)
        return int(counts[lacks > 0].sum())
