from functools import partial

import torch

from ditherlab.vision.filtering import (
    filter_reflected,
    filter_reflected_products,
    filter_reflected_squared,
    filter_valid,
    gaussian_taps,
)


def dense(function, size):
    """Return the matrix of a linear filter of one row."""
    rows = torch.eye(size, dtype=torch.float64)
    return torch.stack([function(row.view(1, size))[0] for row in rows], dim=1)


def test_taps_sum_to_one_and_are_symmetric():
    taps = gaussian_taps(2.3)
    assert abs(sum(taps) - 1) < 1e-12
    assert taps == taps[::-1]


def test_the_reflected_filter_is_symmetric_also_when_smaller_than_its_window():
    for size in (1, 2, 3, 20):
        matrix = dense(lambda row: filter_reflected(row, gaussian_taps(1.5)), size)
        torch.testing.assert_close(matrix, matrix.T)
        torch.testing.assert_close(matrix.sum(dim=0), torch.ones(size, dtype=torch.float64))


def test_the_squared_filter_squares_the_folded_matrix():
    taps = gaussian_taps(1.5)
    for shape in ((1, 1), (2, 5), (12, 9)):
        images = torch.rand(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        rows = dense(lambda row: filter_reflected(row, taps), shape[1])
        columns = dense(lambda row: filter_reflected(row, taps), shape[0])
        # The filter of a 1 x n row also folds its single column, whose weights sum to 1.
        expected = columns.square() @ images @ rows.square().T
        torch.testing.assert_close(filter_reflected_squared(images, taps), expected)


def shifted(matrix, offset):
    """Return the rows `offset` further on; none beyond the border."""
    size = len(matrix)
    moved = torch.zeros_like(matrix)
    for row in range(max(0, -offset), min(size, size - offset)):
        moved[row] = matrix[row + offset]
    return moved


def test_the_filter_of_products_multiplies_rows_of_the_folded_matrix():
    for sigma, shape in ((1.5, (1, 1)), (1.5, (2, 5)), (0.6, (7, 9)), (0.0, (3, 4))):
        taps = gaussian_taps(sigma)
        images = torch.rand(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        filter_row = partial(filter_reflected, taps=taps)
        rows, columns = (dense(filter_row, size) for size in shape)
        for down in (-3, -1, 0, 1, 2):
            for right in (-2, -1, 0, 1, 4):
                vertical = rows * shifted(rows, down)
                horizontal = columns * shifted(columns, right)
                found = filter_reflected_products(images, taps, down, right)
                torch.testing.assert_close(found, vertical @ images @ horizontal.T)


def test_gradients_are_those_of_finite_differences():
    images = torch.rand((2, 7, 8), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    images.requires_grad_()
    taps = gaussian_taps(0.9)
    assert torch.autograd.gradcheck(lambda x: filter_reflected(x, taps).square(), images)
    assert torch.autograd.gradcheck(lambda x: filter_valid(x, taps).square(), images)


def test_filters_give_shapes_on_the_meta_device():
    images = torch.empty((2, 3, 40, 30), device="meta")
    taps = gaussian_taps(1.5)
    assert filter_reflected(images, taps).shape == images.shape
    assert filter_valid(images, taps).shape == (2, 3, 30, 20)


def test_filters_are_the_same_plane_by_plane(monkeypatch):
    images = torch.rand((2, 3, 20, 15), generator=torch.Generator().manual_seed(0))
    taps = gaussian_taps(1.5)
    at_once = [filter_reflected(images, taps), filter_valid(images, taps)]
    for part_px in (1, 2 * 20 * 15):
        monkeypatch.setattr("ditherlab.vision.filtering._PART_PX", part_px)
        assert torch.equal(filter_reflected(images, taps), at_once[0])
        assert torch.equal(filter_valid(images, taps), at_once[1])
