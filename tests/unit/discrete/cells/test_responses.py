from itertools import product

import pytest
import torch

from ditherlab.discrete.cells.grid import CellGrid
from ditherlab.discrete.cells.responses import CellResponses
from ditherlab.objectives import parse_objective
from ditherlab.protocol import Target

SUBPALETTES = torch.tensor([[0, 1], [0, 2], [1, 3]])
CELL = (16, 20)


@pytest.fixture(
    params=["perceptual(crisp=0.02, palette=learned)", "viewed-error", "viewed-error(blur_px=0.3)"]
)
def objective(request: pytest.FixtureRequest):
    return parse_objective(request.param)


@pytest.fixture
def palette(generator: torch.Generator) -> torch.Tensor:
    return torch.rand((1, 4, 3), generator=generator, dtype=torch.float64)


@pytest.fixture(params=[(4, 3), (1, 8)])
def grid(request: pytest.FixtureRequest) -> CellGrid:
    return CellGrid(40, 40, *request.param)


@pytest.fixture
def flat(objective):
    """A flat picture, where all pixels have the same in common."""
    images = torch.full((1, 3, 40, 40), 0.4, dtype=torch.float64)
    return objective.bind(Target(images, torch.ones((1, 1, 40, 40), dtype=torch.bool)))


def test_what_a_cell_costs_in_a_subpalette_is_what_the_picture_costs_then(
    objective, flat, palette, grid: CellGrid, generator: torch.Generator
) -> None:
    table = flat.expected_color_moments(palette)[0]
    responses = CellResponses.of(objective, flat.footprint_px, table, SUBPALETTES, grid)
    shown = torch.rand((4, 40, 40), generator=generator, dtype=torch.float64)
    moments = torch.einsum("mk,khw->mhw", table, shown / shown.sum(dim=0))
    before, slopes = flat.expected_with_field(moments[None])
    cells = grid.paint(torch.arange(grid.num_cells))[CELL][None]
    split = grid.split(moments)
    answer = responses.answer(grid.split(slopes[0])[:, cells], split[:, cells], 0.01)
    assert torch.allclose(answer.probs.sum(dim=0), torch.ones((), dtype=torch.float64))
    for number, subpalette in enumerate(SUBPALETTES):
        probs = answer.probs[:, 0, :, number]
        changed = split.clone()
        changed[:, cells[0]] = table[:, subpalette] @ probs
        after = flat.expected_from_moments(grid.join(changed)[None])
        heat = answer.heat[0] * torch.special.entr(probs).sum()
        expected = answer.free_energies[0, number] + heat
        torch.testing.assert_close(after[0] - before[0], expected, rtol=1e-5, atol=1e-12)


def test_an_answer_is_near_the_best_picture_of_a_small_cell(objective, flat, palette) -> None:
    grid = CellGrid(40, 40, 2, 3)
    table = flat.expected_color_moments(palette)[0]
    responses = CellResponses.of(objective, flat.footprint_px, table, SUBPALETTES, grid)
    values = flat.pixel_error().values[0]
    wanted = torch.cat([values, values.square()])
    cell = grid.paint(torch.arange(grid.num_cells))[CELL][None]
    _, slopes = flat.expected_with_field(wanted[None])
    split = grid.split(wanted)
    answer = responses.answer(grid.split(slopes[0])[:, cell], split[:, cell], 1e-4)
    for number, subpalette in enumerate(SUBPALETTES):
        pictures = torch.tensor(list(product(subpalette.tolist(), repeat=6)))
        changed = split.expand(len(pictures), -1, -1, -1).clone()
        changed[:, :, cell[0]] = table[:, pictures].transpose(0, 1)
        joined = torch.stack([grid.join(one) for one in changed])
        # The cost of the picture as wanted is 0.
        costs = flat.expected_from_moments(joined)
        assert costs.min() * 0.99 <= answer.free_energies[0, number] <= costs.quantile(0.1)
