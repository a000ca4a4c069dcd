"""`Picture.resize`: sizes, mean light, and transparency."""

import subprocess
import sys

import numpy as np
import pytest

from ditherlab.errors import PictureError
from ditherlab.images import Picture
from ditherlab.vision.transfer_functions import decode_srgb


@pytest.fixture
def noise() -> Picture:
    pixels = np.random.default_rng(3).integers(0, 256, (24, 36, 3), dtype=np.uint8)
    return Picture(pixels, np.ones((24, 36), dtype=bool), name="noise")


def mean_light(picture: Picture) -> np.ndarray:
    light: np.ndarray = decode_srgb(picture.pixels[picture.opaque] / 255).mean(axis=0)
    return light


@pytest.mark.parametrize(
    ("sizes", "shape"),
    [
        ({"width": 12}, (8, 12)),
        ({"height": 48}, (48, 72)),
        ({"width": 7, "height": 30}, (30, 7)),
        ({"width": 1}, (1, 1)),
        ({"width": 36}, (24, 36)),
    ],
)
def test_one_of_two_sizes_keeps_the_aspect_ratio(
    sizes: dict[str, int], shape: tuple[int, int], noise: Picture
) -> None:
    resized = noise.resize(**sizes)
    assert resized.opaque.shape == shape
    assert resized.opaque.all()
    assert (resized.name, resized.alpha) == ("noise", None)


@pytest.mark.parametrize("width", [9, 12, 13, 25, 36, 50, 72])
def test_the_mean_light_is_kept(width: int, noise: Picture) -> None:
    resized = noise.resize(width=width, height=round(width / 1.5))
    np.testing.assert_allclose(mean_light(resized), mean_light(noise), atol=0.003)


def test_a_picture_of_its_own_size_is_unchanged(noise: Picture) -> None:
    assert (noise.resize(width=36, height=24).pixels == noise.pixels).all()


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_whole_factors_average_blocks_as_reduce_does(factor: int, noise: Picture) -> None:
    resized = noise.resize(width=36 // factor)
    reduced = noise.reduce(24 * 36 // factor**2)
    differences = np.abs(resized.pixels.astype(int) - reduced.pixels)
    # Halves are rounded in display sRGB here, and in light there.
    assert differences.max() <= 1
    assert (differences > 0).mean() < 0.02


def test_a_smooth_ramp_stays_smooth() -> None:
    columns = np.linspace(0, 255, 16).round().astype(np.uint8)
    ramp = Picture(np.tile(columns[:, np.newaxis], (4, 1, 3)), np.ones((4, 16), dtype=bool))
    row = ramp.resize(width=64, height=4).pixels[2, :, 0].astype(int)
    assert (np.diff(row) >= 0).all()
    assert np.diff(row).max() < 12


@pytest.mark.parametrize("width", [2, 8])
def test_transparent_pixels_give_no_light(width: int) -> None:
    pixels = np.full((4, 4, 3), 200, dtype=np.uint8)
    pixels[:, 2:] = 7
    opaque = np.ones((4, 4), dtype=bool)
    opaque[:, 2:] = False
    resized = Picture(pixels, opaque).resize(width=width)
    half = width // 2
    assert resized.opaque[:, :half].all()
    assert not resized.opaque[:, half:].any()
    assert (resized.pixels[resized.opaque] == 200).all()


def test_partly_transparent_pixels_count_by_their_alpha() -> None:
    pixels = np.zeros((2, 2, 3), dtype=np.uint8)
    pixels[0] = 255
    alpha = np.array([[192, 192], [64, 64]], dtype=np.uint8)
    resized = Picture(pixels, alpha > 0, alpha=alpha).resize(width=1)
    # Three quarters of white light.
    assert resized.pixels.tolist() == [[[225, 225, 225]]]
    assert resized.alpha is not None
    assert resized.alpha.tolist() == [[128]]
    assert resized.opaque.tolist() == [[True]]


def test_numbers_of_numpy_are_sizes(noise: Picture) -> None:
    size = np.int64(5)
    assert noise.resize(width=size, height=4).pixels.shape == (4, 5, 3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "sizes", [{}, {"width": 0}, {"height": -3}, {"width": 2.5}, {"width": True}]
)
def test_other_sizes_are_refused(sizes: dict[str, int], noise: Picture) -> None:
    with pytest.raises(PictureError, match=r"`Picture.resize.* must "):
        noise.resize(**sizes)


def test_scikit_image_is_imported_on_use_only() -> None:
    code = (
        "import sys\n"
        "import ditherlab\n"
        "ditherlab.Picture\n"
        "ditherlab.read_picture('sample:microaneurysms')\n"
        "assert 'skimage' not in sys.modules and 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
