from collections.abc import Callable

import numpy as np
import pytest

from ditherlab.errors import PictureError
from ditherlab.images import Picture


def blank(height: int = 2, width: int = 3) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((height, width, 3), dtype=np.uint8), np.ones((height, width), dtype=bool)


def test_a_picture_tells_its_size_and_kind() -> None:
    pixels, opaque = blank()
    picture = Picture(pixels, opaque, "photo")
    assert (picture.height, picture.width, picture.name) == (2, 3, "photo")
    assert picture.is_gray
    assert not picture.has_transparency


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_one_colored_pixel_makes_a_picture_colored_if_it_is_opaque(channel: int) -> None:
    pixels, opaque = blank()
    pixels[1, 2, channel] = 1
    assert not Picture(pixels, opaque).is_gray
    opaque[1, 2] = False
    picture = Picture(pixels, opaque)
    assert picture.is_gray
    assert picture.has_transparency


@pytest.mark.parametrize(
    ("pixels", "opaque", "message"),
    [
        (np.zeros((2, 3, 3)), np.ones((2, 3), bool), r"uint8 of shape \[h w 3\], got float64"),
        (np.zeros((2, 3, 4), np.uint8), np.ones((2, 3), bool), r"got uint8 of shape \[2, 3, 4\]"),
        (np.zeros((2, 3), np.uint8), np.ones((2, 3), bool), r"got uint8 of shape \[2, 3\]"),
        (np.zeros((0, 3, 3), np.uint8), np.ones((0, 3), bool), "at least one pixel"),
        (np.zeros((2, 3, 3), np.uint8), np.ones((3, 2), bool), r"bool of shape \[2, 3\]"),
        (np.zeros((2, 3, 3), np.uint8), np.ones((2, 3), np.uint8), "bool of shape"),
    ],
)
def test_other_arrays_are_refused(pixels: np.ndarray, opaque: np.ndarray, message: str) -> None:
    # A type checker at run time would be faster to refuse them than the picture itself.
    picture = object.__new__(Picture)
    object.__setattr__(picture, "pixels", pixels)
    object.__setattr__(picture, "opaque", opaque)
    with pytest.raises(PictureError, match=message):
        picture.__post_init__()


def test_the_tensor_is_srgb_from_zero_to_one_with_channels_first() -> None:
    pixels, opaque = blank()
    pixels[1, 2] = (255, 51, 0)
    tensor = Picture(pixels, opaque).to_srgb()
    assert tensor.shape == (1, 3, 2, 3)
    assert tensor[0, :, 1, 2].tolist() == pytest.approx([1.0, 0.2, 0.0])
    assert tensor[0, :, 0, 0].tolist() == [0.0, 0.0, 0.0]
    tensor += 1
    assert pixels[0, 0, 0] == 0


@pytest.mark.parametrize("make_smaller", [Picture.shrink, Picture.reduce])
def test_a_smaller_picture_has_the_mean_light_of_its_blocks(
    make_smaller: Callable[[Picture, int], Picture],
) -> None:
    """The sRGB level of light `y` is `255 (1.055 y^(1/2.4) - 0.055)`.

    One, two and three quarters of white are 137, 188 and 225. Level 128 is light 0.2159, half of
    which is 92. The means of the levels themselves would be 64, 128, 191 and 64.
    """
    pixels, opaque = blank(4, 4)
    pixels[0, 0] = 255
    pixels[0, 2:] = 255
    pixels[2:, :2] = 255
    pixels[3, 1] = 0
    pixels[2, 2:] = 128
    smaller = make_smaller(Picture(pixels, opaque), 4)
    assert smaller.pixels[:, :, 0].tolist() == [[137, 188], [225, 92]]
    assert smaller.is_gray
    assert smaller.opaque.all()


@pytest.mark.parametrize(("make_smaller", "num_px"), [(Picture.shrink, 4), (Picture.reduce, 2)])
def test_transparent_pixels_give_no_light_to_a_smaller_picture(
    make_smaller: Callable[[Picture, int], Picture], num_px: int
) -> None:
    pixels, opaque = blank(4, 4)
    pixels[::2] = 255
    opaque[1::2] = False
    smaller = make_smaller(Picture(pixels, opaque), num_px)
    assert smaller.pixels.tolist() == [[[255] * 3] * 2] * 2
    assert smaller.opaque.all()


@pytest.mark.parametrize(
    "part",
    [(-1, 0, 2, 2), (0, -1, 2, 2), (0, 0, 0, 2), (0, 0, 2, 0), (4, 0, 2, 2), (0, 3, 2, 2)],
)
def test_a_crop_lies_inside(part: tuple[int, int, int, int]) -> None:
    left, top, width, height = part
    picture = Picture(*blank(4, 5))
    with pytest.raises(PictureError, match=r"A crop must lie inside the picture of 5 x 4 pixels"):
        picture.crop(left=left, top=top, width=width, height=height)
    assert picture.crop(left=3, top=2, width=2, height=2).pixels.shape == (2, 2, 3)
    assert picture.crop(left=0, top=0, width=5, height=4).pixels.shape == (4, 5, 3)


def test_a_block_with_any_color_is_opaque_in_a_shrunk_picture() -> None:
    pixels, opaque = blank(4, 4)
    opaque[...] = False
    opaque[0, 0] = opaque[2:, 2:] = True
    picture = Picture(pixels, opaque)
    assert picture.shrink(4).opaque.tolist() == [[True, False], [False, True]]
    assert picture.shrink(16) is picture
    # A picture that is narrower than a block stays as it is.
    thin = Picture(*blank(1, 90))
    assert thin.shrink(10) is thin
