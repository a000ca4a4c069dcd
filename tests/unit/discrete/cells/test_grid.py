import pytest
import torch

from ditherlab.discrete.cells.grid import CellGrid

SIZES = [(1, 1, 8, 8), (7, 9, 2, 4), (16, 8, 8, 8), (5, 20, 1, 8), (9, 9, 8, 8)]


@pytest.mark.parametrize("sizes", SIZES)
def test_cells_are_counted_from_the_top_left(sizes: tuple[int, int, int, int]) -> None:
    grid = CellGrid(*sizes)
    height, width, cell_height, cell_width = sizes
    planes = torch.arange(2 * height * width).view(2, height, width) + 1
    cells = grid.split(planes)
    assert cells.shape == (2, grid.num_cells, cell_height * cell_width)
    assert torch.equal(grid.join(cells), planes)
    for row in range(height):
        for column in range(width):
            cell = row // cell_height * grid.num_columns + column // cell_width
            place = row % cell_height * cell_width + column % cell_width
            assert torch.equal(cells[:, cell, place], planes[:, row, column])
    assert int((cells == 0).sum()) == cells.numel() - planes.numel()


@pytest.mark.parametrize("sizes", SIZES)
def test_cells_of_a_class_are_far_apart(sizes: tuple[int, int, int, int]) -> None:
    grid = CellGrid(*sizes)
    classes = grid.classes(6)
    assert sorted(torch.cat(classes).tolist()) == list(range(grid.num_cells))
    for cells in classes:
        places = torch.zeros(grid.num_cells, dtype=torch.bool)
        places[cells] = True
        rows, columns = grid.paint(places).nonzero(as_tuple=True)
        numbers = grid.paint(torch.arange(grid.num_cells))[rows, columns]
        others = numbers[:, None] != numbers
        near = (rows[:, None] - rows).abs() <= 6
        near &= (columns[:, None] - columns).abs() <= 6
        assert not (near & others).any()
