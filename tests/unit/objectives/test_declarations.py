"""What objectives declare: footprints, sizes, ranges of numbers, and several pictures."""

from dataclasses import fields

import numpy as np
import pytest
import torch

from ditherlab.errors import RequestError
from ditherlab.estimators import Moments
from ditherlab.objectives import OBJECTIVES, Perceptual, ViewedError, parse_objective
from ditherlab.objectives.black_box_objective import _to_planes
from ditherlab.objectives.perceptual_settings import PerceptualSettings
from ditherlab.protocol import Target
from ditherlab.protocol.categorical import Categorical
from ditherlab.vision.color import linear_to_srgb

LOCAL = [
    "variance(c=1)",
    "ssim(sigma=0.6)",
    "ssim(sigma=1.5)",
    "viewed-ssim(blur_px=0.9, sigma=0.5)",
    "viewed-ssim(blur_px=2, sigma=0.7)",
    "viewed-error(blur_px=0.4)",
    "viewed-error(blur_px=1.3)",
    "perceptual(pixels_per_degree=20)",
    "0.3*viewed-error(blur_px=0.5)+ssim(sigma=1)",
]
SIZE = 33


def whole_target(images):
    return Target(images, torch.ones_like(images[:, :1], dtype=torch.bool))


@pytest.mark.parametrize("words", LOCAL)
def test_a_pixel_counts_as_far_as_the_footprint_says(words, generator):
    images = torch.rand((1, 3, SIZE, SIZE), generator=generator, dtype=torch.float64)
    cost = parse_objective(words).bind(whole_target(images))
    drawn = torch.rand(images.shape, generator=generator, dtype=torch.float64)
    other = drawn.clone()
    other[..., SIZE // 2, SIZE // 2] = 1 - other[..., SIZE // 2, SIZE // 2]
    before, after = (cost.cost_map(x.unsqueeze(0))[0, 0] for x in (drawn, other))
    rows = ((after - before).abs() > 1e-14).any(dim=1).nonzero().flatten()
    assert (rows - SIZE // 2).abs().max() == cost.footprint_px


SMALLEST = [
    name for name in OBJECTIVES.classes if parse_objective(name).abilities & {"gradient"}
] + ["ssim(sigma=0.3)", "viewed-error+2*ssim(sigma=0.5)"]


@pytest.mark.parametrize("words", SMALLEST)
def test_the_smallest_size_is_priced_and_no_smaller_one_is_declared(words):
    objective = parse_objective(words)
    size = objective.min_size_px
    assert size == 1 or "ssim" in words
    images = torch.full((1, 3, size, size), 0.5, dtype=torch.float64)
    cost = objective.bind(whole_target(images)).cost(0.5 * images.unsqueeze(0))
    assert cost.isfinite().all()
    assert cost.item() > 0


NUMBERS = [
    (name, field.name)
    for name, strategy in OBJECTIVES.classes.items()
    for field in fields(strategy)
    if "float" in str(field.type)
]


@pytest.mark.parametrize(("name", "parameter"), NUMBERS)
@pytest.mark.parametrize("value", [-1.0, -1e-9, float("nan"), float("inf")])
def test_numbers_out_of_range_are_refused(name, parameter, value):
    with pytest.raises(RequestError, match=r"must be (from|at least|above)"):
        OBJECTIVES.classes[name](**{parameter: value})


@pytest.mark.parametrize(
    ("name", "parameter", "inside", "outside"),
    [
        ("variance", "c", (0.0, 1.0), (1.001,)),
        ("ssim", "sigma", (0.3, 50.0), (0.299, 50.1)),
        ("viewed-ssim", "sigma", (0.3, 50.0), (0.299, 50.1)),
        ("viewed-ssim", "contrast", (0.0, 4.0), (4.001,)),
        ("viewed-ssim", "blur_px", (0.0, 50.0), (50.1,)),
        ("viewed-error", "blur_px", (0.0, 50.0), (50.1,)),
        ("perceptual", "pixels_per_degree", (1.0, 600.0), (0.999, 600.5)),
    ],
)
def test_the_ends_of_a_range_belong_to_it(name, parameter, inside, outside):
    for value in inside:
        OBJECTIVES.classes[name](**{parameter: value})
    for value in outside:
        with pytest.raises(RequestError):
            OBJECTIVES.classes[name](**{parameter: value})


@pytest.mark.parametrize(
    ("distance", "crisp"),
    [(10, 0.05), (45, 0.05), (50.3, 0.038), (50.5, 0.0375), (56, 0.025), (67, 0), (90, 0)],
)
def test_learned_colors_are_crisp_from_near(distance, crisp):
    objective = Perceptual(pixels_per_degree=distance)
    settings = PerceptualSettings.of(distance, objective.crisp, "learned")
    assert settings.crisp == pytest.approx(crisp, abs=1e-4)
    assert objective.suited_to(learned_palette=True).palette == "learned"
    assert objective.suited_to(learned_palette=False) is objective
    given = Perceptual(distance, crisp=0.3)
    assert given.suited_to(learned_palette=True).crisp == 0.3


def test_crispness_weighs_single_pixels(generator):
    """The part of `crisp` is linear, and that of an error without blur."""
    images = torch.rand((1, 3, 9, 9), generator=generator, dtype=torch.float64)
    drawn = torch.rand((1, 1, 3, 9, 9), generator=generator, dtype=torch.float64)
    plain, half, whole = (
        Perceptual(30.0, crisp=crisp).bind(whole_target(images)).cost(drawn).item()
        for crisp in (0.0, 0.5, 1.0)
    )
    assert half - plain == pytest.approx((whole - plain) / 2, rel=1e-9)
    assert whole > plain


def test_far_distances_are_those_of_82_pixels_per_degree(generator):
    images = torch.rand((1, 3, 9, 9), generator=generator, dtype=torch.float64)
    drawn = torch.rand((1, 1, 3, 9, 9), generator=generator, dtype=torch.float64)
    costs = [
        Perceptual(distance).bind(whole_target(images)).cost(drawn).item()
        for distance in (80.0, 82.0, 83.0, 600.0)
    ]
    assert costs[1] == costs[2] == costs[3] != costs[0]


@pytest.mark.parametrize("num_channels", [1, 3])
@pytest.mark.parametrize("gray", [0.0, 0.004, 0.01, 0.2, 0.9])
def test_viewed_error_is_a_squared_error_of_srgb_where_all_is_flat(gray, num_channels):
    """`(d sRGB / d light)^2` times the squared error of light; in the dark, the slope at 0.01."""
    light = torch.full((1, num_channels, 6, 7), gray, dtype=torch.float64)
    cost = ViewedError(blur_px=1.0).bind(whole_target(linear_to_srgb(light)))
    slope = 1.055 / 2.4 * max(gray, 0.01) ** (1 / 2.4 - 1)
    found = cost.cost(linear_to_srgb(light + 0.02).unsqueeze(0)).item()
    assert found == pytest.approx((slope * 0.02) ** 2, rel=1e-5)


@pytest.mark.parametrize("words", ["perceptual", "viewed-error", "perceptual(crisp=0.2)"])
def test_the_palette_equations_of_several_pictures_add_up(words, generator):
    images = torch.rand((3, 3, 6, 5), generator=generator, dtype=torch.float64)
    opaque = torch.rand((3, 1, 6, 5), generator=generator) < 0.8
    probs = torch.rand((3, 4, 6, 5), generator=generator, dtype=torch.float64)
    probs = probs / probs.sum(dim=1, keepdim=True)
    objective = parse_objective(words)
    together = objective.bind(Target(images, opaque)).palette_equations(probs)
    parts = [
        objective.bind(Target(images[n : n + 1], opaque[n : n + 1])).palette_equations(
            probs[n : n + 1]
        )
        for n in range(3)
    ]
    torch.testing.assert_close(together.matrix, sum(part.matrix for part in parts))
    torch.testing.assert_close(together.right, sum(part.right for part in parts))


@pytest.mark.parametrize("words", ["perceptual", "viewed-error(blur_px=0.7)"])
def test_the_pixel_error_is_the_cost_without_blur_and_only_of_opaque_pixels(words, generator):
    images = torch.rand((1, 3, 6, 5), generator=generator, dtype=torch.float64)
    opaque = torch.rand((1, 1, 6, 5), generator=generator) < 0.7
    cost = parse_objective(words).bind(Target(images, opaque))
    prices = cost.pixel_error().price(torch.tensor([0.3, 0.1, 0.2], dtype=torch.float64))
    assert (prices[~opaque[:, 0]] == 0).all()
    assert (prices[opaque[:, 0]] > 0).all()


@pytest.mark.parametrize("words", ["ssim(sigma=1)", "ssim(sigma=1.5)+viewed-error"])
def test_a_decided_picture_with_holes_is_expected_at_its_price(words, generator):
    """No color is left to chance, so that the second order vanishes."""
    images = torch.rand((1, 3, 14, 13), generator=generator, dtype=torch.float64)
    opaque = torch.rand((1, 1, 14, 13), generator=generator) < 0.8
    cost = parse_objective(words).bind(Target(images, opaque))
    indices = torch.randint(0, 4, (1, 14, 13), generator=generator)
    probs = torch.nn.functional.one_hot(indices, 4).movedim(-1, 1).double()
    palette = torch.rand((1, 4, 3), generator=generator, dtype=torch.float64)
    model = Categorical(probs, palette)
    estimate, _ = Moments().estimate(model, cost, generator)
    torch.testing.assert_close(estimate.value, cost.cost(model.images(indices[None]))[0])
    uncertain = Categorical(0.9 * probs + 0.025, palette)
    assert Moments().estimate(uncertain, cost, generator)[0].value.isfinite().all()


def test_a_closed_sum_closes_its_parts(monkeypatch):
    images = torch.full((1, 3, 4, 4), 0.5)
    cost = parse_objective("viewed-error+0.5*variance(c=1)").bind(whole_target(images))
    closed = []
    for number, (_, part) in enumerate(cost.terms):
        monkeypatch.setattr(type(part), "close", lambda self, number=number: closed.append(number))
    cost.close()
    assert closed == [0, 1]


def test_functions_of_files_price_a_single_pixel():
    assert parse_objective("png-bytes").min_size_px == 1


def test_black_boxes_see_the_levels_of_a_written_file():
    levels = torch.arange(256, dtype=torch.float32)
    for shift in (-0.49, 0.0, 0.49):
        assert _to_planes(torch.tensor([-0.01, 1.01])).tolist() == [0, 255]
        assert np.array_equal(_to_planes((levels + shift) / 255), np.arange(256))
