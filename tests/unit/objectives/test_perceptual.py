"""The cost of the formula in the docstring, where it can be worked out by hand.

The source is a flat gray, so that an error costs the same everywhere, and the border is far away.
"""

import math

import pytest
import torch

from ditherlab.objectives.perceptual import Perceptual
from ditherlab.protocol import Target
from ditherlab.vision.color import linear_to_opponent, linear_to_srgb

SIZE = 25
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


def cost_of(error: torch.Tensor) -> float:
    """Price an error `[c h w]` in Y, X - Y and Y - Z."""
    gray = torch.full((3, SIZE, SIZE), GRAY, dtype=torch.float64)
    to_light = torch.linalg.inv(linear_to_opponent(3).double())
    source, drawn = gray, gray + torch.einsum("rc,chw->rhw", to_light, error)
    opaque = torch.ones((1, 1, SIZE, SIZE), dtype=torch.bool)
    target = Target(linear_to_srgb(source)[None], opaque)
    cost = Perceptual(pixels_per_degree=PIXELS_PER_DEGREE).bind(target)
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
    expected = seen * (SLOPES[channel] * ERROR) ** 2
    assert cost_of(flat_error(channel)) == pytest.approx(expected, rel=1e-6)


def test_a_dot_of_lightness_is_blurred_as_from_three_distances() -> None:
    weighted = {energy(LIGHTNESS, d): weight for d, weight in DISTANCES_OF_LIGHTNESS.items()}
    seen = sum(weight * squares for squares, weight in weighted.items())
    expected = seen * (SLOPES[0] * ERROR) ** 2 / SIZE**2
    assert cost_of(dot_of_error(0)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("channel", "spread"), [(1, RED_GREEN), (2, YELLOW_BLUE)])
def test_a_dot_of_color_is_blurred_by_the_spread_of_its_own_channel(
    channel: int, spread: float
) -> None:
    expected = WEIGHTS[channel] * energy(spread) * (SLOPES[channel] * ERROR) ** 2 / SIZE**2
    assert cost_of(dot_of_error(channel)) == pytest.approx(expected, rel=1e-6)
