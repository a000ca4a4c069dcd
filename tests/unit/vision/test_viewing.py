import math

import pytest

from ditherlab.vision.viewing import point_spread_px


def test_point_spreads_are_the_published_ones_as_standard_deviations() -> None:
    """Zhang and Wandell 1996, table 1: main lobes `exp(-(x / s)^2)`, s in degrees.

    A Gaussian `exp(-x^2 / (2 sigma^2))` has the same shape for `sigma = s / sqrt(2)`.
    """
    lightness, red_green, yellow_blue = point_spread_px(60.0, 3)
    assert lightness == pytest.approx(60 * 0.0283 / math.sqrt(2))
    assert red_green == pytest.approx(60 * 0.0392 / math.sqrt(2))
    assert yellow_blue == pytest.approx(60 * 0.0536 / math.sqrt(2))


def test_a_gray_picture_has_the_spread_of_lightness_only() -> None:
    assert point_spread_px(60.0, 1) == point_spread_px(60.0, 3)[:1]
