"""The colors of large flat areas stay exact in a learned palette."""

import numpy as np
import pytest
import torch

from ditherlab import optimize
from ditherlab.images import Picture
from ditherlab.palette.hardware_gamut import parse_gamut
from ditherlab.palette_learning.flat_colors import flat_colors
from ditherlab.problem import LearnedPalette, Problem

PAGE, BAR, LINE, TEXT = (245, 246, 248), (10, 132, 255), (30, 30, 60), (200, 40, 40)
SIZE = 32


def page() -> np.ndarray:
    """A page with a bar, a line, and a photo in a corner."""
    pixels = np.full((SIZE, SIZE, 3), PAGE, dtype=np.uint8)
    pixels[4:10, 2:30] = BAR
    pixels[12, 2:30] = LINE
    rows, columns = np.mgrid[0:14, 0:14]
    pixels[18:, 18:] = np.stack([rows * 15, columns * 16, rows + columns + 90], axis=2)
    return pixels


def problem(palette: LearnedPalette) -> Problem:
    return Problem(picture=Picture(page(), np.ones((SIZE, SIZE), dtype=np.bool_)), palette=palette)


@pytest.mark.parametrize(
    ("palette", "expected"),
    [
        (LearnedPalette(8), (PAGE, BAR, LINE)),
        (LearnedPalette(4), (PAGE, BAR)),
        (LearnedPalette(8, locked=(TEXT,)), (TEXT, PAGE, BAR, LINE)),
        (LearnedPalette(8, locked=(BAR,)), (BAR, PAGE, LINE)),
        (LearnedPalette(2), ()),
        (LearnedPalette(8, keeps_flats=False), ()),
        (LearnedPalette(8, gamut=parse_gamut("rgb444")), ()),
    ],
)
def test_the_largest_flats_are_locked_as_far_as_there_is_room(palette, expected) -> None:
    assert problem(palette).locked_colors == expected
    assert problem(palette).num_locked == len(expected)


def test_their_pixels_are_shown_exactly() -> None:
    solution = optimize(problem(LearnedPalette(8)))
    shown, source = solution.picture.pixels, page()
    for color in (PAGE, BAR, LINE):
        place = (source == color).all(axis=2)
        assert (shown[place] == color).all()


def test_gradients_have_none() -> None:
    levels = np.linspace(0, 255, SIZE).round().astype(np.uint8)
    pixels = np.broadcast_to(levels[:, None], (SIZE, SIZE, 3)).copy()
    picture = Picture(pixels, np.ones((SIZE, SIZE), dtype=np.bool_))
    assert Problem(picture=picture, palette=LearnedPalette(8)).locked_colors == ()


def test_a_near_color_needs_a_larger_area() -> None:
    images = torch.ones((1, 3, 60, 60))
    images[..., :3, :6] = 100 / 255
    images[..., :3, 10:16] = 105 / 255
    target = Problem(
        picture=Picture(
            (images[0].permute(1, 2, 0) * 255).round().byte().numpy(),
            np.ones((60, 60), dtype=np.bool_),
        ),
        palette=LearnedPalette(8),
    ).target()
    found = flat_colors(target, 8)
    assert found[0] == (255, 255, 255)
    assert found[1:] in (((100, 100, 100),), ((105, 105, 105),))
