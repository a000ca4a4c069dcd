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
