"""Cutting pictures into cells, and joining cells to pictures."""

from dataclasses import dataclass

import torch
from jaxtyping import Int, Shaped
from torch import Tensor


@dataclass(frozen=True)
class CellGrid:
    """The cells of a picture, row by row from its top left; the last ones may reach beyond it.

    Attributes:
        height_px: Height of the picture.
        width_px: Width of the picture.
        cell_height_px: Height of a cell.
        cell_width_px: Width of a cell.

    Example:
        >>> grid = CellGrid(height_px=2, width_px=3, cell_height_px=2, cell_width_px=2)
        >>> grid.split(torch.arange(6).view(1, 2, 3)).tolist()
        [[[0, 1, 3, 4], [2, 0, 5, 0]]]
    """

    height_px: int
    width_px: int
    cell_height_px: int
    cell_width_px: int

    @property
    def num_rows(self) -> int:
        """Number of rows of cells."""
        return -(-self.height_px // self.cell_height_px)

    @property
    def num_columns(self) -> int:
        """Number of columns of cells."""
        return -(-self.width_px // self.cell_width_px)

    @property
    def num_cells(self) -> int:
        """Number of cells."""
        return self.num_rows * self.num_columns

    def split(self, planes: Shaped[Tensor, "m h w"]) -> Shaped[Tensor, "m c n"]:
        """Cut planes into cells; pixels beyond the picture are 0."""
        below = self.num_rows * self.cell_height_px - self.height_px
        beside = self.num_columns * self.cell_width_px - self.width_px
        padded = torch.nn.functional.pad(planes, (0, beside, 0, below))
        shape = (len(planes), self.num_rows, self.cell_height_px, self.num_columns)
        cut = padded.view(*shape, self.cell_width_px).transpose(2, 3)
        return cut.reshape(len(planes), self.num_cells, -1)

    def join(self, cells: Shaped[Tensor, "m c n"]) -> Shaped[Tensor, "m h w"]:
        """Join cells to planes; the inverse of `split`."""
        shape = (self.num_rows, self.num_columns, self.cell_height_px, self.cell_width_px)
        planes = cells.view(len(cells), *shape).transpose(2, 3)
        whole = planes.reshape(len(cells), self.num_rows * self.cell_height_px, -1)
        return whole[:, : self.height_px, : self.width_px].contiguous()

    def paint(self, values: Shaped[Tensor, "c"]) -> Shaped[Tensor, "h w"]:
        """Expand values of cells to their pixels."""
        num_pixels = self.cell_height_px * self.cell_width_px
        return self.join(values.view(1, -1, 1).expand(1, -1, num_pixels).contiguous())[0]

    def classes(self, distance_px: int) -> list[Int[Tensor, "n"]]:
        """Divide the cells into classes whose cells are at least some pixels apart."""
        down = 1 + -(-distance_px // self.cell_height_px)
        across = 1 + -(-distance_px // self.cell_width_px)
        numbers = torch.arange(self.num_cells).view(self.num_rows, self.num_columns)
        parts = [numbers[y::down, x::across].flatten() for y in range(down) for x in range(across)]
        return [part for part in parts if len(part)]
