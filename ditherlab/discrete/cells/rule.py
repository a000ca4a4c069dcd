"""The rule of a machine: the size of its cells, and the colors that one cell may combine."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ditherlab.errors import RequestError
from ditherlab.palette import Palette


@dataclass(frozen=True, kw_only=True)
class CellRule:
    """A machine's rule: each cell of a picture shows the colors of one sub-palette.

    Cells are counted from the top left of the picture. Cells that the border cuts follow the same
    rule.

    Attributes:
        name: Name of the machine in reports.
        palette: All colors of the machine.
        height_px: Height of a cell.
        width_px: Width of a cell.
        subpalettes: Sets of palette indices that a cell may combine, all of the same size.
        source: Source of the rule, in one line.

    Raises:
        RequestError: If a size is below 1, or the sub-palettes are not valid for the palette.

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
        """Number of colors in each sub-palette."""
        return len(self.subpalettes[0])

    @property
    def members(self) -> npt.NDArray[np.bool_]:
        """True where a sub-palette has a color of the palette, `[s k]`."""
        members = np.zeros((len(self.subpalettes), len(self.palette)), dtype=np.bool_)
        members[np.arange(len(members))[:, None], np.array(self.subpalettes)] = True
        return members

    def num_breaches(
        self,
        indices: npt.NDArray[np.integer],
        opaque: npt.NDArray[np.bool_] | None = None,
    ) -> int:
        """Count the cells whose colors are not contained in any sub-palette.

        Args:
            indices: Palette indices, `[h w]`.
            opaque: Pixels that count; None for all.
        """
        height, width = indices.shape
        rows = np.arange(height)[:, None] // self.height_px
        columns = np.arange(width) // self.width_px
        cells = rows * (1 + (width - 1) // self.width_px) + columns
        counted = np.ones_like(cells, dtype=np.bool_) if opaque is None else opaque
        shown = np.zeros((int(cells.max()) + 1, len(self.palette)), dtype=np.bool_)
        shown[cells[counted], indices[counted]] = True
        # Many cells share few different sets of colors.
        sets, counts = np.unique(shown, axis=0, return_counts=True)
        lacks = (sets.astype(np.int64) @ (~self.members).T.astype(np.int64)).min(axis=1)
        return int(counts[lacks > 0].sum())
