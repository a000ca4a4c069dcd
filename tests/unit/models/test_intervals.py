import pytest
import torch

from ditherlab.models.intervals import Intervals
from ditherlab.models.rounding import Rounding
from ditherlab.protocol import Target

# In double precision, so that only a wrong formula is off.
COLORS = torch.tensor(
    [[[0.0, 0.1, 0.0], [1.0, 0.9, 1.0], [0.9, 0.1, 0.2], [0.2, 0.8, 0.3], [0.3, 0.3, 1.0]]],
    dtype=torch.float64,
)


def rounding_of(num_channels: int) -> Rounding:
    generator = torch.Generator().manual_seed(3)
    images = torch.rand((1, num_channels, 6, 5), generator=generator, dtype=torch.float64)
    target = Target(images, torch.ones((1, 1, 6, 5), dtype=torch.bool))
    return Rounding.of(target, COLORS[..., :num_channels])


@pytest.mark.parametrize("num_channels", [1, 3])
def test_each_color_is_nearest_on_its_interval(num_channels: int) -> None:
    rounding = rounding_of(num_channels)
    shift = torch.tensor([0.2, -0.1, 0.05], dtype=torch.float64)[:num_channels]
    amplitude = torch.tensor([1.0, 0.7, 1.3], dtype=torch.float64)[:num_channels]
    intervals = Intervals.of(rounding, shift, amplitude)
    for noise in torch.linspace(-4, 4, 163, dtype=torch.float64):
        moved = rounding.places[0] + (shift + noise * amplitude).view(-1, 1, 1)
        distances = (moved - rounding.colors[0, :, :, None, None]).square().sum(dim=1)
        inside = (intervals.low < noise) & (noise < intervals.high)
        assert torch.equal(inside.sum(dim=0), torch.ones((6, 5)).long())
        assert torch.equal(inside.long().argmax(dim=0), distances.argmin(dim=0))


def test_of_colors_side_by_side_the_nearer_one_is_shown() -> None:
    colors = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    rounding = Rounding(torch.tensor([0.2, 0.9, 0.1]).view(1, 3, 1, 1), colors)
    intervals = Intervals.of(rounding, torch.zeros(3), torch.ones(3))
    assert ((intervals.low < 0) & (intervals.high > 0)).flatten().tolist() == [False, True]


def test_bounds_move_as_finite_differences_say() -> None:
    rounding = rounding_of(3)
    parameters = torch.tensor([0.2, -0.1, 0.05, 1.0, 0.7, 1.3], dtype=torch.float64)
    shift, amplitude = parameters.split(3)
    intervals = Intervals.of(rounding, shift, amplitude)
    weights = torch.rand(intervals.low.shape, dtype=torch.float64, generator=torch.Generator())

    def total(low: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
        return (weights * (low.tanh() - 2 * high.tanh())).sum()

    leaf = parameters.clone().requires_grad_()
    (slope,) = torch.autograd.grad(total(*intervals.moved(*leaf.split(3))), leaf)
    for number in range(6):
        step = torch.zeros(6, dtype=torch.float64)
        step[number] = 1e-6
        above, below = (
            Intervals.of(rounding, *(parameters + sign * step).split(3)) for sign in (1, -1)
        )
        difference = (total(above.low, above.high) - total(below.low, below.high)) / 2e-6
        assert slope[number].item() == pytest.approx(difference.item(), rel=1e-5, abs=1e-6)
