"""The slope of the least spread, against mixtures that are found by trying."""

import pytest
import torch

from ditherlab.vision.least_spread import LeastSpread

CUBE = torch.tensor(
    [[0.0, 1, 0, 0, 1, 0.2], [0, 1, 1, 0, 0, 0.9], [0, 1, 0, 1, 0.1, 0.5]], dtype=torch.float64
)
WEIGHTS = torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64)


def least_spread(mean: torch.Tensor, colors: torch.Tensor, weights: torch.Tensor) -> float:
    """Return the least spread of mixtures of four colors with the mean."""
    squares = (colors.square() * weights[:, None]).sum(dim=0)
    least = torch.inf
    for members in torch.combinations(torch.arange(colors.shape[1]), 4):
        system = torch.cat([colors[:, members], torch.ones((1, 4), dtype=torch.float64)])
        shares = torch.linalg.lstsq(system, torch.cat([mean, mean.new_ones(1)])).solution
        is_mean = torch.allclose(colors[:, members] @ shares, mean, atol=1e-9)
        if is_mean and bool((shares >= -1e-9).all()):
            least = min(least, float(shares @ squares[members]))
    return least - float((mean.square() * weights).sum())


@pytest.mark.parametrize("seed", range(8))
def test_the_slope_is_that_of_the_least_spread(seed: int) -> None:
    spread = LeastSpread.of(CUBE, WEIGHTS)
    assert spread is not None
    generator = torch.Generator().manual_seed(seed)
    shares = torch.rand(6, generator=generator, dtype=torch.float64)
    mean = CUBE @ (shares / shares.sum())
    slope = spread.slope(mean.view(1, 3, 1, 1)).flatten()
    for channel in range(3):
        step = torch.zeros(3, dtype=torch.float64)
        step[channel] = 1e-5
        ends = [least_spread(mean + sign * step, CUBE, WEIGHTS) for sign in (1, -1)]
        expected = (ends[0] - ends[1]) / 2e-5 / float(WEIGHTS[channel])
        assert float(slope[channel]) == pytest.approx(expected, abs=1e-4)


def test_grays_on_a_line_need_one_axis() -> None:
    grays = torch.tensor([0.0, 0.25, 1.0], dtype=torch.float64)
    spread = LeastSpread.of(grays.expand(3, 3), WEIGHTS)
    assert spread is not None
    assert len(spread.axes) == 1
    means = torch.tensor([0.1, 0.5], dtype=torch.float64).expand(1, 3, 1, 2)
    expected = torch.tensor([0.25 - 0.2, 1.25 - 1.0], dtype=torch.float64)
    torch.testing.assert_close(spread.slope(means), expected.expand(1, 3, 1, 2))
    steps = torch.tensor([0.25, 0.75], dtype=torch.float64)
    torch.testing.assert_close(spread.step(means), steps.expand(1, 3, 1, 2))


def test_far_outside_of_the_palette_there_is_no_slope() -> None:
    spread = LeastSpread.of(torch.tensor([[0.2, 0.8]]), torch.ones(1))
    assert spread is not None
    assert spread.slope(torch.tensor([-0.5, 0.21, 1.5]).view(1, 1, 1, 3)).ne(0).tolist() == [
        [[[False, True, False]]]
    ]


def test_one_color_and_many_colors_have_none() -> None:
    generator = torch.Generator().manual_seed(0)
    assert LeastSpread.of(torch.full((3, 2), 0.5), torch.ones(3)) is None
    assert LeastSpread.of(torch.rand((3, 33), generator=generator), torch.ones(3)) is None
    assert LeastSpread.of(torch.rand((1, 33), generator=generator), torch.ones(1)) is not None
