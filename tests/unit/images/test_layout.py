"""Pictures side by side."""

import numpy as np
import pytest

from ditherlab.errors import PictureError
from ditherlab.images import Picture, lay_out


def flat(height, width, level):
    pixels = np.full((height, width, 3), level, np.uint8)
    return Picture(pixels, opaque=np.ones((height, width), dtype=bool))


def counts(picture):
    levels, numbers = np.unique(picture.pixels[picture.opaque], return_counts=True)
    return dict(zip(levels.tolist(), (numbers // 3).tolist(), strict=True))


def test_a_large_picture_does_not_drown_a_small_one():
    joint = lay_out(
        [flat(200, 300, 10), flat(20, 20, 20), flat(40, 30, 30)], num_px=3_600, gap_px=4
    )
    found = counts(joint)
    assert set(found) == {10, 20, 30}
    assert all(number == pytest.approx(1_200, rel=0.05) for number in found.values())


@pytest.mark.parametrize("gap_px", [0, 1, 7])
def test_pictures_lie_so_far_apart(gap_px):
    joint = lay_out([flat(10, 14, level) for level in (1, 2, 3, 4, 5)], num_px=700, gap_px=gap_px)
    places = {
        level: np.argwhere((joint.pixels[..., 0] == level) & joint.opaque) for level in range(1, 6)
    }
    assert all(len(place) == 140 for place in places.values())
    for one in places:
        for other in range(one + 1, 6):
            apart = np.abs(places[one][:, None] - places[other]).max(axis=2).min()
            assert apart > gap_px


def test_transparent_pictures_are_left_out():
    empty = Picture(np.zeros((5, 5, 3), np.uint8), opaque=np.zeros((5, 5), dtype=bool))
    assert counts(lay_out([empty, flat(4, 4, 9)], num_px=16, gap_px=2)) == {9: 16}
    with pytest.raises(PictureError, match="must have opaque pixels to share a palette, got none"):
        lay_out([empty], num_px=16, gap_px=2)


def test_reducing_averages_light_and_keeps_transparency_out():
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[::2] = 255
    stripes = Picture(pixels, opaque=np.ones((8, 8), dtype=bool)).reduce(16)
    assert (stripes.height, stripes.width) == (4, 4)
    # Half of the light.
    assert (stripes.pixels == 188).all()
    half = flat(8, 8, 70)
    half = Picture(half.pixels, opaque=np.arange(64).reshape(8, 8) % 8 < 4).reduce(8)
    assert half.opaque.sum() == 8
    assert (half.pixels[half.opaque] == 70).all()
    assert flat(3, 3, 1).reduce(9).height == 3


@pytest.mark.parametrize("size", [1, 4, 8])
def test_the_gaps_of_a_tiny_picture_do_not_fill_the_copy(size):
    joint = lay_out([flat(128, 128, 10), flat(size, size, 20)], num_px=16_384, gap_px=9)
    assert joint.height * joint.width < 4 * 16_384


def test_partly_transparent_pictures_are_laid_out_and_empty_ones_are_not():
    half = flat(4, 4, 70)
    opaque = np.arange(16).reshape(4, 4) % 4 < 2
    empty = Picture(flat(4, 4, 80).pixels, opaque=np.zeros((4, 4), dtype=bool))
    joint = lay_out(
        [Picture(half.pixels, opaque=opaque), empty, flat(2, 4, 90)], num_px=16, gap_px=1
    )
    assert counts(joint) == {70: 8, 90: 8}


def test_a_narrow_picture_stays_one_pixel_wide():
    assert flat(1, 400, 9).reduce(10).pixels.shape == (1, 63, 3)
    assert flat(400, 1, 9).reduce(10).pixels.shape == (63, 1, 3)
