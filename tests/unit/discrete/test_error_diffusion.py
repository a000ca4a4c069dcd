import pytest
import torch

from ditherlab.discrete.allowed_colors import AllowedColors
from ditherlab.discrete.error_diffusion import diffuse_error

HEIGHT, WIDTH, NUM_COLORS = 7, 9, 5

NEIGHBORS = ((0, 1), (1, -1), (1, 0), (1, 1))


def diffuse_pixel_by_pixel(values, colors, weights, opaque, shifts):
    """Floyd and Steinberg's own order, and wanted values at most a quarter beyond the palette."""
    _, height, width = values.shape
    wanted = values.clone()
    lowest, highest = colors.amin(dim=1), colors.amax(dim=1)
    margin = 0.25 * (highest - lowest)
    chosen = torch.zeros((height, width), dtype=torch.int64)
    for row in range(height):
        for column in range(width):
            value = wanted[:, row, column].clamp(lowest - margin, highest + margin)
            distance = (value[:, None] - colors).square() * weights[:, row, column, None]
            chosen[row, column] = distance.sum(dim=0).argmin()
            error = value - colors[:, chosen[row, column]]
            to_right, to_left = shifts[:, row, column]
            parts = (7 + 5 * to_right, 3 + to_left, 5 - 5 * to_right, 1 - to_left)
            for (down, right), part in zip(NEIGHBORS, parts, strict=True):
                there = row + down, column + right
                if opaque[row, column] and there[0] < height and 0 <= there[1] < width:
                    wanted[:, there[0], there[1]] += part / 16 * error
    return chosen


@pytest.fixture
def values(generator):
    return torch.rand((3, HEIGHT, WIDTH), generator=generator, dtype=torch.float64)


@pytest.fixture
def colors(generator):
    return 0.2 + 0.6 * torch.rand((3, NUM_COLORS), generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("size", [(HEIGHT, WIDTH), (1, 1), (1, WIDTH), (HEIGHT, 1), (2, 2)])
@pytest.mark.parametrize("part_opaque", [1.0, 0.7])
@pytest.mark.parametrize("most_shifted", [0.0, 0.8])
def test_fronts_give_what_one_pixel_after_the_other_does(
    size, part_opaque, most_shifted, values, generator
):
    colors = 0.2 + 0.6 * torch.rand((3, NUM_COLORS), generator=generator, dtype=torch.float64)
    weights = torch.rand((3, HEIGHT, WIDTH), generator=generator, dtype=torch.float64)
    part = (slice(None), slice(size[0]), slice(size[1]))
    opaque = torch.rand((HEIGHT, WIDTH), generator=generator)[part[1:]] < part_opaque
    noise = torch.rand((2, HEIGHT, WIDTH), generator=generator, dtype=torch.float64)
    shifts = most_shifted * (2 * noise - 1)[part]
    expected = diffuse_pixel_by_pixel(values[part], colors, weights[part], opaque, shifts)
    given = shifts if most_shifted else None
    found = diffuse_error(values[part], colors, weights[part], opaque, shifts=given)
    assert torch.equal(found, expected)
    assert part_opaque < 1 or size[0] < 2 or not torch.equal(found, nearest(values[part], colors))


def nearest(values, colors):
    return (values[:, None] - colors[:, :, None, None]).square().sum(dim=0).argmin(dim=0)


def test_no_error_crosses_transparent_pixels(values, colors):
    opaque = torch.ones((HEIGHT, WIDTH), dtype=torch.bool)
    opaque[:, 4] = False
    changed = values.clone()
    changed[:, :, :4] = 1 - changed[:, :, :4]
    first, second = (
        diffuse_error(each, colors, torch.ones_like(each), opaque) for each in (values, changed)
    )
    assert not torch.equal(first[:, :4], second[:, :4])
    assert torch.equal(first[:, 5:], second[:, 5:])


@pytest.mark.parametrize("level", [0.1, 0.3, 0.5, 0.92])
def test_the_mean_of_a_flat_gray_is_kept(level):
    size = (60, 50)
    gray = torch.full((1, *size), level, dtype=torch.float64)
    colors = torch.tensor([[0.0, 1.0]], dtype=torch.float64)
    found = diffuse_error(gray, colors, torch.ones_like(gray), torch.ones(size, dtype=torch.bool))
    # What errors there are left over the right and the lower border: half a pixel for each there.
    assert abs(float(found.double().mean()) - level) < 0.5 * sum(size) / found.numel()


def test_colors_out_of_reach_do_not_smear():
    values = torch.full((1, 4, 40), 5.0, dtype=torch.float64)
    values[:, :, 20:] = 0.0
    colors = torch.tensor([[0.0, 1.0]], dtype=torch.float64)
    opaque = torch.ones((4, 40), dtype=torch.bool)
    found = diffuse_error(values, colors, torch.ones_like(values), opaque)
    assert (found[:, :20] == 1).all()
    assert found[:, 24:].sum() <= 2


def test_pixels_take_the_nearest_color_that_they_may(values, colors, generator):
    members = torch.rand((3, NUM_COLORS), generator=generator) < 0.4
    members[:, 0] = True
    allowed = AllowedColors(members, torch.randint(3, (HEIGHT, WIDTH), generator=generator))
    opaque = torch.ones((HEIGHT, WIDTH), dtype=torch.bool)
    ones = torch.ones_like(values)
    found = diffuse_error(values, colors, ones, opaque, allowed=allowed)
    assert allowed.permit(found).all()
    assert not allowed.permit(diffuse_error(values, colors, ones, opaque)).all()
