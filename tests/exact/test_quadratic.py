"""What squared errors promise: expectations in color, slopes, pairs of pixels, palettes."""

from dataclasses import replace
from functools import reduce
from operator import add

import pytest
import torch

from ditherlab.objectives import OBJECTIVES, parse_objective
from ditherlab.objectives.blurred_error import BlurredErrorCost
from ditherlab.protocol import Cost, Target, mix_moments, rows_seen
from ditherlab.vision.color import srgb_to_linear

QUADRATIC = [
    *(name for name in OBJECTIVES.classes if "quadratic" in OBJECTIVES.parse(name).abilities),
    "perceptual(crisp=0.3)",
    "perceptual(pixels_per_degree=12, crisp=1)",
    "viewed-error(blur_px=0)",
    "viewed-error(blur_px=3)",
]
NEIGHBORS = [
    (down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if (down, right) != (0, 0)
]
EXACTLY = {"rtol": 0, "atol": 1e-12}


@pytest.fixture
def target(generator):
    """Five rows of four colored pixels, one of them transparent, one at the border as well."""
    images = torch.rand((1, 3, 5, 4), generator=generator, dtype=torch.float64)
    opaque = torch.ones((1, 1, 5, 4), dtype=torch.bool)
    opaque[0, 0, 2, 1] = opaque[0, 0, 4, 3] = False
    return Target(images, opaque)


@pytest.fixture
def palette(generator):
    return torch.rand((1, 3, 3), generator=generator, dtype=torch.float64)


@pytest.fixture
def probs(generator):
    return torch.rand((1, 3, 5, 4), generator=generator, dtype=torch.float64).softmax(dim=1)


def one_hot(indices):
    """Be certain of pictures `[n h w]` of three colors."""
    return torch.nn.functional.one_hot(indices, 3).permute(0, 3, 1, 2).double()


def price(cost, indices, palette):
    """Price drawn pictures `[n h w]`."""
    colors = palette[0][indices].permute(0, 3, 1, 2)
    return cost.cost(colors.unsqueeze(1))[:, 0]


def test_all_that_claim_to_be_squared_errors_are_tried():
    assert {"perceptual", "viewed-error"} <= set(QUADRATIC)


@pytest.mark.parametrize("words", QUADRATIC)
def test_expectations_in_color_are_those_of_all_pictures(words, target, palette, enumeration):
    small = Target(target.images[:, :, 1:3, :3], target.opaque[:, :, 1:3, :3])
    cost = parse_objective(words).bind(small)
    colored = replace(enumeration, palette=palette)
    truth = colored.truth(cost)
    found = cost.expected(colored.model.probs, palette)[0]
    torch.testing.assert_close(found, truth.value, **EXACTLY)


@pytest.mark.parametrize("words", QUADRATIC)
def test_certain_pictures_cost_what_they_cost(words, target, palette, generator):
    cost = parse_objective(words).bind(target)
    indices = torch.randint(3, (6, 5, 4), generator=generator)
    expected = torch.cat([cost.expected(one_hot(each[None]), palette) for each in indices])
    torch.testing.assert_close(price(cost, indices, palette), expected, **EXACTLY)


@pytest.mark.parametrize("words", QUADRATIC)
def test_the_field_is_the_slope_of_the_expected_cost(words, target, palette, probs):
    cost = parse_objective(words).bind(target)
    moments = mix_moments(cost.expected_color_moments(palette), probs)
    value, field = cost.expected_with_field(moments)
    expected_value, expected_field = Cost.expected_with_field(cost, moments)
    torch.testing.assert_close(value, expected_value, **EXACTLY)
    torch.testing.assert_close(field, expected_field, **EXACTLY)


def pair_gap(cost, palette, generator, offset):
    """Return by how much the pair weights miss what two changes cost together, at worst."""
    height, width = 5, 4
    table = cost.expected_color_moments(palette)[0]
    weights = cost.pair_weights(*offset)[0]
    start = torch.randint(3, (height, width), generator=generator)
    gaps = []
    for row in range(height):
        for column in range(width):
            there = row + offset[0], column + offset[1]
            if not (0 <= there[0] < height and 0 <= there[1] < width):
                gaps.append(weights[:, row, column].abs().max())
                continue
            new = torch.randint(3, (2,), generator=generator)
            pictures = start.repeat(4, 1, 1)
            pictures[1:3:2, row, column] = pictures[3, row, column] = new[0]
            pictures[2:, there[0], there[1]] = new[1]
            none, first, second, both = price(cost, pictures, palette)
            changes = (
                table[:, color] - table[:, start[place]]
                for color, place in zip(new, ((row, column), there), strict=True)
            )
            together = weights[:, row, column]
            for change in changes:
                together = together * change
            gaps.append((both - first - second + none - together.sum()).abs())
    return torch.stack(gaps).max()


@pytest.mark.parametrize("words", QUADRATIC)
@pytest.mark.parametrize("offset", NEIGHBORS)
def test_two_changes_cost_what_each_does_plus_the_pair_term(
    words, offset, target, palette, generator
):
    cost = parse_objective(words).bind(target)
    assert pair_gap(cost, palette, generator, offset) < 1e-12


def test_unfolded_pairs_fail_the_same_test(target, palette, generator, monkeypatch):
    monkeypatch.setattr(
        BlurredErrorCost,
        "pair_weights",
        lambda cost, *_: 2 * cost.variance_weights.repeat(1, 2, 1, 1),
    )
    cost = parse_objective("perceptual").bind(target)
    assert pair_gap(cost, palette, generator, (0, 1)) > 1e-6


def test_transparent_pixels_share_nothing(target):
    weights = parse_objective("viewed-error").bind(target).pair_weights(0, 1)[0]
    assert not weights[:, 2, 1].any()
    assert not weights[:, 2, 0].any()
    assert weights[:3, 1, :3].all()


@pytest.mark.parametrize("words", QUADRATIC)
def test_palette_equations_are_the_expected_cost_up_to_a_constant(words, target, probs, generator):
    cost = parse_objective(words).bind(target)
    equations = cost.palette_equations(probs)
    palettes = torch.rand((6, 1, 3, 3), generator=generator, dtype=torch.float64)
    constants = []
    for palette in palettes:
        light = srgb_to_linear(palette[0]).T.reshape(-1)
        by_equations = light @ equations.matrix @ light - 2 * light @ equations.right
        constants.append(cost.expected(probs, palette)[0] - by_equations)
    torch.testing.assert_close(torch.stack(constants), constants[0].expand(6), **EXACTLY)
    assert constants[0] >= 0


@pytest.mark.parametrize("words", ["viewed-error(blur_px=0.4)", "perceptual(crisp=0.3)"])
@pytest.mark.parametrize(
    "bands", [[range(9)], [range(4), range(4, 9)], [range(i, i + 1) for i in range(9)]]
)
def test_bands_of_rows_add_up(words, bands, generator):
    images = torch.rand((1, 3, 9, 6), generator=generator, dtype=torch.float64)
    opaque = torch.rand((1, 1, 9, 6), generator=generator) < 0.8
    probs = torch.rand((1, 3, 9, 6), generator=generator, dtype=torch.float64).softmax(dim=1)
    drawn = torch.rand((2, 1, 3, 9, 6), generator=generator, dtype=torch.float64)
    cost = parse_objective(words).bind(Target(images, opaque))
    whole, halo_px = cost.palette_equations(probs), cost.footprint_px
    parts = [(cost.restrict(rows, halo_px), rows_seen(rows, halo_px, 9)) for rows in bands]
    found = reduce(add, (part.palette_equations(probs[..., seen, :]) for part, seen in parts))
    torch.testing.assert_close(found.matrix, whole.matrix, **EXACTLY)
    torch.testing.assert_close(found.right, whole.right, **EXACTLY)
    prices = torch.stack([part.cost(drawn[..., seen, :]) for part, seen in parts]).sum(dim=0)
    torch.testing.assert_close(prices, cost.cost(drawn), **EXACTLY)
