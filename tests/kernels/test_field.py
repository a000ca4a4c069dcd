"""The slopes, the cost and the weights of variances, against torch."""

import pytest
import torch

from ditherlab.kernels.mean_field import CompiledMeanField
from ditherlab.kernels.polish import CompiledPolish
from tests.quadratic_costs import (
    LAYERS,
    assert_planes_agree,
    quadratic_cost,
    random_indices,
    random_palette,
    slopes_in_torch,
)

SIZES = [(1, 1), (1, 30), (3, 2), (17, 33), (40, 23)]


def compiled_field(library, cost, palette, probs):
    form = cost.quadratic_forms[0]
    field = CompiledMeanField(library, form, probs.clone())
    field.set_colors(cost.expected_color_moments(palette)[0, : len(form.values)])
    return field


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("transparent", [False, True])
def test_the_field_is_that_of_torch(library, layers, height, width, transparent):
    cost = quadratic_cost(height, width, layers=layers, transparent=transparent)
    palette = random_palette(5)
    generator = torch.Generator().manual_seed(3)
    probs = torch.randn((1, 5, height, width), generator=generator).softmax(dim=1)
    field = compiled_field(library, cost, palette, probs[0])
    value = field.estimate()
    table = cost.expected_color_moments(palette)
    moments = (table[0] @ probs[0].flatten(1)).view(1, -1, height, width)
    expected, slopes = cost.expected_with_field(moments)
    assert value == pytest.approx(float(expected), rel=1e-5)
    channels = len(field.form.values)
    weights = field.variance_weights
    assert_planes_agree(weights, cost.variance_weights[0])
    found = field.slopes * cost.target.opaque[0] - 2 * weights * moments[0, :channels]
    assert_planes_agree(found, slopes[0, :channels])


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("height", "width"), [(200, 40), (70, 330)])
def test_tiles_leave_no_seams_in_the_field(library, height, width, channels):
    cost = quadratic_cost(height, width, channels=channels)
    palette = random_palette(4, channels)
    indices = random_indices(cost, 4)
    probs = torch.nn.functional.one_hot(indices.long(), 4).permute(2, 0, 1).float().contiguous()
    field = compiled_field(library, cost, palette, probs)
    value = field.estimate(num_threads=2)
    expected, slopes = slopes_in_torch(cost, palette, indices)
    assert value == pytest.approx(float(expected), rel=1e-5)
    assert_planes_agree(field.slopes, slopes)


@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize(("height", "width"), [*SIZES, (150, 210)])
def test_the_price_of_a_picture_is_that_of_torch(library, layers, height, width):
    cost = quadratic_cost(height, width, layers=layers, transparent=True)
    palette, indices = random_palette(3), random_indices(cost, 3)
    polish = CompiledPolish(library, cost.quadratic_forms[0], indices)
    polish.set_colors(cost.expected_color_moments(palette)[0, :3])
    expected, _ = slopes_in_torch(cost, palette, indices)
    assert polish.price() == pytest.approx(float(expected), rel=1e-5)
    assert polish.price(num_threads=3) == polish.price(num_threads=1)
