"""Pictures for panels that show duller colors than their inks are called."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from ditherlab import optimize
from ditherlab.choices import Fit
from ditherlab.errors import RequestError
from ditherlab.images import Picture
from ditherlab.palette import Palette, named_palette
from ditherlab.problem import Problem

WEIGHTS = np.array([0.2126, 0.7152, 0.0722])
BAR = 220


def dashboard() -> np.ndarray:
    """A page with black text and a gray bar."""
    pixels = np.full((48, 48, 3), 255, dtype=np.uint8)
    pixels[4:8, 4:40:3] = 0
    pixels[16:, :] = BAR
    return pixels


def problem(palette: str, **settings: str) -> Problem:
    picture = Picture(dashboard(), np.ones((48, 48), dtype=np.bool_))
    return Problem(picture=picture, palette=named_palette(palette), **settings)


def decoded(levels: np.ndarray) -> np.ndarray:
    """Return linear light; the levels are far from black, or 0."""
    return np.where(levels == 0, 0.0, ((levels / 255 + 0.055) / 1.055) ** 2.4)


def lightness(light: float) -> float:
    return 116 * float(np.cbrt(light)) - 16


@pytest.mark.parametrize("fit", get_args(Fit))
@pytest.mark.parametrize("palette", ["e-ink-4-measured", "e-ink-6-measured"])
def test_text_and_page_are_pure_and_grays_relative_to_the_white(palette: str, fit: Fit) -> None:
    solution = optimize(problem(palette, fit=fit))
    inks = np.array(solution.palette.colors)[solution.indices]
    source = dashboard()[..., 0]
    assert (inks[source == 255] == 255).all()
    assert (inks[source == 0] == 0).all()
    light = decoded(np.array(named_palette(palette).seen)) @ WEIGHTS
    white = light[(np.array(solution.palette.colors) == 255).all(axis=1)][0]
    bar = light[solution.indices[20:44, 4:44]].mean() / white
    wanted = float(decoded(np.array(BAR)))
    # The panel's black is not black: light is compressed between the two.
    assert lightness(bar) == pytest.approx(lightness(wanted), abs=1.5)


def test_absolute_colors_are_an_option() -> None:
    relative, absolute = (
        optimize(problem("e-ink-6-measured", white=white)) for white in ("relative", "absolute")
    )
    # Taken by itself, the panel's white is darker than the bar, which is lost in the page.
    white = absolute.palette.colors.index((255, 255, 255))
    assert (absolute.indices[20:44] == white).all()
    assert (relative.indices[20:44] == white).mean() < 0.8
    seen = Palette(named_palette("e-ink-6-measured").seen)
    alone = optimize(replace(problem("e-ink-6-measured"), palette=seen))
    assert (absolute.indices == alone.indices).all()
    with pytest.raises(RequestError, match="relative or absolute, got 'blue'"):
        problem("e-ink-6-measured", white="blue")


def test_palettes_that_are_shown_as_they_are_called_stay_as_they_are() -> None:
    given = problem("e-ink-6")
    assert given.panel_view is None
    assert given.target().images.allclose(given.source_target().images)
