"""The cost of the formula in the docstring, where it can be worked out by hand.

The source is a flat gray, so that an error costs the same everywhere, and the border is far away.
"""

import math
from itertools import product

import pytest
import torch

from ditherlab.objectives.perceptual import Perceptual
from ditherlab.protocol import Target
from ditherlab.types import Colors
from ditherlab.vision.color import linear_to_opponent, linear_to_srgb, srgb_to_linear

# A multiple of the six pixels from one window of tones to the next.
SIZE = 30
GRAY = 0.3
ERROR = 0.01
PIXELS_PER_DEGREE = 45.0

# In degrees: the spreads `s` of `exp(-(x / s)^2)` in table 1 of Zhang and Wandell 1996.
LIGHTNESS, RED_GREEN, YELLOW_BLUE = 0.0283, 0.0392, 0.0536

# Relative distances and the weights of their squared errors: lightness is seen from three.
DISTANCES_OF_LIGHTNESS = {1.0: 1.0, 0.5: 0.1, 2.5: 2.0}

# CIELAB: L* = 116 Y^(1/3) - 16, a* = 500 (X^(1/3) - Y^(1/3)), b* = 200 (Y^(1/3) - Z^(1/3)), whose
# slopes at the gray are over 100:
SLOPES = [gain / 3 * GRAY ** (-2 / 3) for gain in (1.16, 5.0, 2.0)]

# Squared errors of a* and b* count half.
WEIGHTS = (1.0, 0.5, 0.5)

# Tones weigh 20 times as much as lightness, and those of colors 0.3 times as much as that.
TONES = (20.0, 20.0 * 0.3 * 0.5, 20.0 * 0.3 * 0.5)


def cost_of(error: torch.Tensor) -> float:
    """Price an error `[c h w]` in Y, X - Y and Y - Z."""
    gray = torch.full((3, SIZE, SIZE), GRAY, dtype=torch.float64)
    to_light = torch.linalg.inv(linear_to_opponent(3).double())
    source, drawn = gray, gray + torch.einsum("rc,chw->rhw", to_light, error)
    opaque = torch.ones((1, 1, SIZE, SIZE), dtype=torch.bool)
    target = Target(linear_to_srgb(source)[None], opaque)
    cost = Perceptual(pixels_per_degree=PIXELS_PER_DEGREE, crisp=0.0).bind(target)
    return float(cost.cost(linear_to_srgb(drawn)[None, None]))


def flat_error(channel: int) -> torch.Tensor:
    error = torch.zeros((3, SIZE, SIZE), dtype=torch.float64)
    error[channel] = ERROR
    return error


def dot_of_error(channel: int) -> torch.Tensor:
    error = torch.zeros((3, SIZE, SIZE), dtype=torch.float64)
    error[channel, SIZE // 2, SIZE // 2] = ERROR
    return error


def energy(spread_degrees: float, distance: float = 1.0) -> float:
    """Sum the squares of a blurred dot: of a Gaussian that ends at 2.5 standard deviations."""
    sigma = spread_degrees / math.sqrt(2) * PIXELS_PER_DEGREE * distance
    radius = math.floor(2.5 * sigma + 0.5)
    taps = [math.exp(-0.5 * (k / sigma) ** 2) for k in range(-radius, radius + 1)]
    along_an_axis = sum(tap**2 for tap in taps) / sum(taps) ** 2
    return along_an_axis**2


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_a_flat_error_costs_its_squared_errors_of_lab_whatever_the_blur(channel: int) -> None:
    seen = sum(DISTANCES_OF_LIGHTNESS.values()) if channel == 0 else WEIGHTS[channel]
    expected = (seen + TONES[channel]) * (SLOPES[channel] * ERROR) ** 2
    assert cost_of(flat_error(channel)) == pytest.approx(expected, rel=1e-6)


def energy_of_tones() -> float:
    """Return 36 times the squares of a dot in the windows of tones, which are six pixels apart."""
    radius = math.floor(2.2 * 5 + 0.5)
    taps = {k: math.exp(-0.5 * (k / 5) ** 2) for k in range(-radius, radius + 1)}
    windows = range(3, SIZE, 6)
    seen = sum(taps.get(window - SIZE // 2, 0) ** 2 for window in windows)
    return (6 * seen / sum(taps.values()) ** 2) ** 2


def test_a_dot_of_lightness_is_blurred_as_from_four_distances() -> None:
    weighted = {energy(LIGHTNESS, d): weight for d, weight in DISTANCES_OF_LIGHTNESS.items()}
    seen = sum(weight * squares for squares, weight in weighted.items())
    seen += TONES[0] * energy_of_tones()
    expected = seen * (SLOPES[0] * ERROR) ** 2 / SIZE**2
    assert cost_of(dot_of_error(0)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("channel", "spread"), [(1, RED_GREEN), (2, YELLOW_BLUE)])
def test_a_dot_of_color_is_blurred_by_the_spread_of_its_own_channel(
    channel: int, spread: float
) -> None:
    seen = WEIGHTS[channel] * energy(spread) + TONES[channel] * energy_of_tones()
    expected = seen * (SLOPES[channel] * ERROR) ** 2 / SIZE**2
    assert cost_of(dot_of_error(channel)) == pytest.approx(expected, rel=1e-6)


INKS = torch.tensor([[[0.0, 0, 0], [1, 1, 1], [0.8, 0.1, 0.1]]], dtype=torch.float64)


def target_of(images: torch.Tensor, colors: Colors | None) -> Target:
    return Target(images, torch.ones_like(images[:, :1], dtype=torch.bool), colors)


def test_the_expected_cost_with_a_discount_is_that_of_all_pictures() -> None:
    generator = torch.Generator().manual_seed(0)
    images = torch.rand((1, 3, 2, 3), generator=generator, dtype=torch.float64)
    cost = Perceptual().bind(target_of(images, INKS))
    assert any(layer.is_linear and layer.weights.any() for layer in cost.layers)
    probs = torch.rand((1, 3, 2, 3), generator=generator, dtype=torch.float64)
    probs /= probs.sum(dim=1, keepdim=True)
    expected = torch.zeros((), dtype=torch.float64)
    for indices in product(range(3), repeat=6):
        places = torch.tensor(indices).view(2, 3)
        chance = probs[0].gather(0, places[None]).prod()
        drawn = INKS[0][places].permute(2, 0, 1)
        expected += chance * cost.cost(drawn[None, None])[0, 0]
    found = cost.expected(probs, INKS)
    assert float(found) == pytest.approx(float(expected), rel=1e-9)


def test_a_dot_of_black_and_white_has_a_discount_that_falls_to_the_middle() -> None:
    """The slope of the least spread between 0 and 1 is 1 - 2 y."""
    colors = torch.tensor([[[0.0], [1.0]]], dtype=torch.float64)
    for gray in (0.1, 0.35, 0.8):
        images = torch.full((1, 1, 24, 24), gray, dtype=torch.float64)
        cost = Perceptual().bind(target_of(images, colors))
        (linear,) = (layer for layer in cost.layers if layer.is_linear)
        light = float(srgb_to_linear(torch.tensor(gray)))
        expected = cost.variance_weights[:, 0] * -0.45 * (1 - 2 * light)
        torch.testing.assert_close(linear.weights, expected, rtol=1e-6, atol=1e-12)


def test_colors_of_the_palette_have_no_discount() -> None:
    images = torch.tensor([0.0, 1.0, 0.4], dtype=torch.float64).repeat(8).view(1, 1, 1, 24)
    colors = torch.tensor([[[0.0], [1.0]]], dtype=torch.float64)
    cost = Perceptual().bind(target_of(images.repeat(1, 1, 9, 1), colors))
    (linear,) = (layer for layer in cost.layers if layer.is_linear)
    assert (linear.weights != 0).squeeze(0)[0].tolist() == [False, False, True] * 8


@pytest.mark.parametrize(
    ("objective", "colors", "is_crisp"),
    [
        (Perceptual(palette="learned"), None, True),
        (Perceptual(palette="learned", crisp=0.0), None, False),
        (Perceptual(palette="learned", crisp=0.2), None, True),
        (Perceptual(palette="hardware"), None, False),
        (Perceptual(), None, False),
        (Perceptual(), (0.4, 1.0), True),
        (Perceptual(), (0.0, 1.0), False),
        (Perceptual(crisp=0.0), (0.4, 1.0), False),
    ],
)
def test_single_pixels_count_in_flat_areas_that_the_palette_can_show(
    objective: Perceptual, colors: tuple[float, ...] | None, is_crisp: bool
) -> None:
    images = torch.full((1, 1, 12, 12), 0.4, dtype=torch.float64)
    images[..., 6:] = 0.9
    known = None if colors is None else torch.tensor(colors, dtype=torch.float64)[None, :, None]
    cost = objective.bind(target_of(images, known))
    pixels = [layer for layer in cost.layers if len(layer.taps) == 1 and not layer.is_linear]
    plain = next(layer for layer in cost.layers if layer.channel == 0).weights
    parts = sum(layer.weights / plain for layer in pixels) if pixels else torch.zeros(1)
    default = objective.crisp
    if default is None:
        default = 0.05 if objective.palette != "fixed" else 0.0
    assert float(parts.max()) == pytest.approx(default + is_crisp)
