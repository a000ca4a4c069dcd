"""Error diffusion, mean field, palette sums and metrics, against torch."""

import pytest
import torch

from ditherlab.discrete.allowed_colors import AllowedColors
from ditherlab.discrete.error_diffusion import diffuse_error
from ditherlab.estimators import Moments
from ditherlab.kernels import FormLayer, QuadraticForm
from ditherlab.kernels.color_limits import ColorLimits
from ditherlab.kernels.error_diffusion import diffuse_error_compiled
from ditherlab.kernels.mean_field import CompiledMeanField
from ditherlab.kernels.measures import compare_rows, filter_mirrored
from ditherlab.kernels.nearest import find_nearest
from ditherlab.kernels.palette_sums import count_colors, sum_for_indices, sum_for_probs
from ditherlab.metrics import similarity
from ditherlab.optimizers import MeanField
from ditherlab.protocol import PaletteEquations
from ditherlab.protocol.categorical import Categorical
from ditherlab.vision.filtering import filter_reflected, gaussian_taps
from tests.quadratic_costs import (
    LAYERS,
    assert_planes_agree,
    quadratic_cost,
    random_indices,
    random_palette,
)

SIZES = [(1, 1), (2, 30), (17, 33), (40, 70)]


def table_of(cost, palette):
    return cost.expected_color_moments(palette)[0, : cost.values.shape[1]]


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("transparent", [False, True])
def test_error_diffusion_is_that_of_torch(library, height, width, channels, transparent):
    cost = quadratic_cost(height, width, channels=channels, transparent=transparent)
    table = table_of(cost, random_palette(5, channels))
    shifts = torch.rand((2, height, width), generator=torch.Generator().manual_seed(1)) - 0.5
    pixel = cost.pixel_error()
    # Weights of single pixels differ from those of windows at transparent pixels only.
    expected = diffuse_error(
        pixel.values[0], table, pixel.weights[0], cost.target.opaque[0, 0], shifts=shifts
    )
    found = diffuse_error_compiled(library, cost.quadratic_forms[0], table, shifts=shifts)
    opaque = cost.target.opaque[0, 0]
    assert torch.equal(found[opaque].long(), expected[opaque])


def test_error_diffusion_keeps_to_allowed_colors(library):
    cost = quadratic_cost(20, 30)
    table, members = table_of(cost, random_palette(4)), torch.eye(4)[:3].flip(0) < 0.5
    groups = random_indices(cost, 3).int()
    pixel = cost.pixel_error()
    expected = diffuse_error(
        pixel.values[0],
        table,
        pixel.weights[0],
        cost.target.opaque[0, 0],
        allowed=AllowedColors(members, groups),
    )
    limits = ColorLimits(members, groups)
    found = diffuse_error_compiled(library, cost.quadratic_forms[0], table, limits=limits)
    assert torch.equal(found.long(), expected)


def test_noise_moves_the_threshold_and_not_the_error(library):
    """Without noise a flat gray alternates; with it the order changes, and the mean stays."""
    cost = quadratic_cost(40, 40, layers="no-blur", channels=1, weights="equal")
    form = cost.quadratic_forms[0]
    form.values.fill_(0.5)
    table = torch.tensor([[0.0, 1.0]])
    noise = torch.rand((1, 40, 40), generator=torch.Generator().manual_seed(1)) - 0.5
    plain = diffuse_error_compiled(library, form, table)
    noisy = diffuse_error_compiled(library, form, table, noise=noise)
    assert not torch.equal(plain, noisy)
    assert abs(float(noisy.float().mean()) - 0.5) < 0.02
    assert torch.equal(plain, diffuse_error_compiled(library, form, table, noise=0 * noise))


def test_costs_that_are_no_numbers_give_an_index_of_the_palette(library):
    cost = quadratic_cost(5, 6)
    form = cost.quadratic_forms[0]
    form.values.fill_(torch.nan)
    found = diffuse_error_compiled(library, form, table_of(cost, random_palette(16)))
    assert int(found.max()) < 16
    points = torch.full((3, 3), torch.nan)
    assert find_nearest(library, points, torch.rand((16, 3))).max() < 16


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("num_colors", [1, 3, 20])
def test_palette_equations_are_those_of_torch(library, layers, height, width, num_colors):
    cost = quadratic_cost(height, width, layers=layers, transparent=True)
    form, palette = cost.quadratic_forms[0], random_palette(num_colors)
    indices = random_indices(cost, num_colors)
    one_hot = torch.nn.functional.one_hot(indices.long(), num_colors).permute(2, 0, 1).float()
    generator = torch.Generator().manual_seed(4)
    probs = torch.randn((num_colors, height, width), generator=generator).mul(3).softmax(dim=0)
    field = CompiledMeanField(library, form, probs)
    field.set_colors(table_of(cost, palette))
    found = [
        sum_for_indices(library, form, indices, num_colors, num_threads=2),
        sum_for_probs(library, field),
    ]
    for sums, chances in zip(found, (one_hot, probs), strict=True):
        expected = cost.palette_equations(chances.unsqueeze(0))
        equations = PaletteEquations.of_channels(form.mixing, *sums)
        assert_planes_agree(equations.matrix, expected.matrix, 1e-4)
        assert_planes_agree(equations.right, expected.right, 1e-4)
    shown = indices[cost.target.opaque[0, 0]].bincount(minlength=num_colors)
    assert torch.equal(count_colors(library, form, indices, num_colors), shown)


def test_palette_sums_of_a_large_picture_see_all_of_its_columns(library):
    """Of seven blocks one is summed; each column has a color of its own."""
    height, width = 2048, 32 * 56
    opaque = torch.ones((height, width), dtype=torch.bool)
    layers = (FormLayer(0, (1.0,), torch.ones((height, width))),)
    form = QuadraticForm(torch.zeros((1, height, width)), opaque, layers, torch.ones((1, 3)))
    indices = (torch.arange(width) // 32).to(torch.uint8).expand(height, width)
    matrix, _ = sum_for_indices(library, form, indices, 56)
    assert (matrix[0].diagonal() > 0).all()


def test_palette_sums_do_not_depend_on_threads(library):
    cost = quadratic_cost(90, 70)
    indices = random_indices(cost, 9)
    sums = [
        sum_for_indices(library, cost.quadratic_forms[0], indices, 9, num_threads=count)
        for count in (1, 2, 5)
    ]
    for matrix, right in sums[1:]:
        assert torch.equal(matrix, sums[0][0])
        assert torch.equal(right, sums[0][1])


@pytest.mark.parametrize("num_colors", [2, 17])
@pytest.mark.parametrize("transparent", [False, True])
def test_a_mean_field_step_is_that_of_torch(library, num_colors, transparent):
    cost = quadratic_cost(24, 30, transparent=transparent)
    palette, optimizer = random_palette(num_colors), MeanField(learning_rate=0.3)
    generator = torch.Generator().manual_seed(4)
    logits = torch.randn((1, num_colors, 24, 30), generator=generator)
    state = optimizer.start(logits)
    field = CompiledMeanField(library, cost.quadratic_forms[0], logits.softmax(dim=1)[0])
    field.set_colors(table_of(cost, palette))
    temperature = 0.0
    for number in range(4):
        model = Categorical(state.probs, palette)
        estimate, _ = Moments().estimate(model, cost, generator, None)
        assert field.estimate() == pytest.approx(float(estimate.value), rel=1e-5)
        temperature = temperature or 0.2 * float(estimate.value)
        draws = torch.Generator().manual_seed(number)
        pixels = optimizer.next_part(optimizer.start(logits), draws)
        state.unvisited = torch.empty(0, dtype=torch.int64)
        optimizer.step(state, estimate, temperature, torch.Generator().manual_seed(number))
        prices = field.price(pixels)
        known = estimate.color_costs.at(pixels)[0].mT
        assert_planes_agree(prices - prices[:, :1], known - known[:, :1], 1e-4)
        field.respond(pixels, temperature / (24 * 30))
        assert_planes_agree(field.probs, state.probs[0], 1e-3)


@pytest.mark.parametrize(("height", "width"), [(11, 11), (12, 40), (30, 25), (5, 40)])
def test_metrics_are_those_of_torch(library, height, width):
    generator = torch.Generator().manual_seed(4)
    one, other = torch.rand((2, 1, 3, height, width), generator=generator)
    opaque = torch.rand((1, 1, height, width), generator=generator) < 0.9
    for rows in (range(height), range(2, height - 3)):
        expected = similarity.sum_in_torch(one, other, opaque, rows)
        taps = gaussian_taps(1.5)
        found = compare_rows(library, one, other, opaque, rows=rows, taps=taps)
        sums = (expected.windows, expected.num_windows)
        assert found[:2] == pytest.approx(sums, rel=1e-4)
        sums = (expected.squares, expected.num_values)
        assert found[2:] == pytest.approx(sums, rel=1e-5)


@pytest.mark.parametrize("num_centers", [1, 5, 16, 40])
def test_the_nearest_center_is_that_of_torch(library, num_centers):
    points, centers = torch.rand((2, 300, 3), generator=torch.Generator().manual_seed(1))
    centers = centers[:num_centers]
    distances = (points.unsqueeze(1) - centers).square().sum(dim=2)
    assert torch.equal(find_nearest(library, points, centers), distances.argmin(dim=1))
    twice = torch.cat([centers, centers])
    assert find_nearest(library, points, twice).max() < num_centers


@pytest.mark.parametrize(("height", "width"), [(1, 1), (2, 3), (9, 40), (33, 5)])
def test_the_filter_is_that_of_torch(library, height, width):
    planes = torch.rand((2, 3, height, width), generator=torch.Generator().manual_seed(1))
    taps = gaussian_taps(1.5, truncate=4.0)
    assert_planes_agree(filter_mirrored(library, planes, taps), filter_reflected(planes, taps))
