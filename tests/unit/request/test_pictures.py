"""Paths, images, arrays and tensors as pictures."""

from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from ditherlab.errors import PictureError, RequestError
from ditherlab.images import ReadingOptions, read_picture
from ditherlab.request.pictures import as_pictures

LEVELS = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
PLANES = torch.from_numpy(LEVELS).permute(2, 0, 1)


@pytest.fixture
def path(tmp_path):
    Image.fromarray(LEVELS).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


@pytest.mark.parametrize(
    "value",
    [
        LEVELS,
        LEVELS / 255,
        (LEVELS / 255).astype(np.float16),
        LEVELS / 255 * (1 + 1e-6),
        PLANES,
        PLANES / 255,
        (PLANES / 255).double(),
        Image.fromarray(LEVELS),
        as_pictures(LEVELS),
    ],
)
def test_one_picture_in_many_forms(value):
    picture = as_pictures(value)
    assert np.array_equal(picture.pixels, LEVELS)
    assert not picture.has_transparency


def test_a_file_by_name_path_or_stream(path):
    for value in (str(path), path, BytesIO(path.read_bytes()), Image.open(path)):
        assert np.array_equal(as_pictures(value).pixels, LEVELS)
    assert as_pictures(path).name == "photo"


@pytest.mark.parametrize(
    ("value", "gray"),
    [(LEVELS[..., 0], True), (LEVELS[..., :1], True), (PLANES[0], True), (PLANES[:1], True)],
)
def test_one_channel_is_gray(value, gray):
    picture = as_pictures(value)
    assert picture.is_gray is gray
    assert np.array_equal(picture.pixels[..., 1], LEVELS[..., 0])


@pytest.mark.parametrize("is_tensor", [False, True])
def test_the_fourth_channel_is_alpha_as_in_files(is_tensor):
    alpha = np.where(np.arange(7) < 3, 255, 0).astype(np.uint8)
    four = np.dstack([LEVELS, np.broadcast_to(alpha, (5, 7))])
    value = torch.from_numpy(four).permute(2, 0, 1) if is_tensor else four
    assert as_pictures(value).opaque.sum() == 15
    soft = four.copy()
    soft[..., 3] = 100
    value = torch.from_numpy(soft).permute(2, 0, 1) if is_tensor else soft
    assert not as_pictures(value).has_transparency
    assert "were put on white" in as_pictures(value).notes[0]
    kept = as_pictures(value, ReadingOptions(alpha="keep"))
    assert kept.alpha[0, 0] == 100


@pytest.mark.parametrize(
    "value",
    [
        [LEVELS, PLANES],
        (Image.fromarray(LEVELS), LEVELS),
        np.stack([LEVELS, LEVELS]),
        torch.stack([PLANES, PLANES]) / 255,
        [torch.stack([PLANES, PLANES])],
    ],
)
def test_several_pictures(value):
    pictures = as_pictures(value)
    assert len(pictures) == 2
    assert all(np.array_equal(picture.pixels, LEVELS) for picture in pictures)


def test_a_list_of_one_and_a_batch_of_one():
    assert isinstance(as_pictures([LEVELS]), tuple)
    assert np.array_equal(as_pictures(LEVELS[np.newaxis]).pixels, LEVELS)


@pytest.mark.parametrize(
    "mode",
    ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBa", "CMYK", "YCbCr", "LAB", "HSV", "I", "F"],
)
def test_an_image_of_any_mode_is_read_as_its_file(mode, tmp_path):
    rgba = Image.fromarray(LEVELS).convert("RGBA")
    image = (rgba if "A" in mode or "a" in mode else rgba.convert("RGB")).convert(mode)
    picture = as_pictures(image)
    assert picture.pixels.shape == (5, 7, 3)
    # The others are those of no file, or of one with more bits.
    if mode not in ("YCbCr", "HSV", "RGBa", "PA", "I"):
        name = tmp_path / f"x.{'tif' if mode in ('LAB', 'CMYK', 'F') else 'png'}"
        image.save(name)
        assert np.array_equal(picture.pixels, read_picture(name).pixels)


def test_the_orientation_and_the_transparency_of_an_image_count(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(LEVELS).save(tmp_path / "turned.png", exif=exif)
    turned = as_pictures(Image.open(tmp_path / "turned.png"))
    assert np.array_equal(turned.pixels, read_picture(tmp_path / "turned.png").pixels)
    assert turned.pixels.shape == (7, 5, 3)
    indexed = Image.fromarray(LEVELS).quantize(4)
    indexed.info["transparency"] = 0
    assert np.array_equal(as_pictures(indexed).opaque, np.asarray(indexed) != 0)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (LEVELS.astype(float), r"from 0 to 1, got .* Divide it by 255: `array / 255`"),
        (PLANES.float(), r"Divide it by 255: `tensor / 255`"),
        (LEVELS / 255 - 0.5, r"Use `array.clip\(0, 1\)`"),
        (LEVELS.astype(np.int64), r"of int64. Its values are .* `array.astype\('uint8'\)`"),
        (PLANES.long(), r"of int64. Its values are from 0 to 255: use `tensor.byte\(\)`"),
        (LEVELS.astype(np.uint16), r"of uint16. Use `array / 65535`"),
        (LEVELS[..., 0] > 9, r"of bool. Use `\(array \* 255\).astype\('uint8'\)`"),
        (PLANES > 9, r"of bool. Use `\(tensor \* 255\).byte\(\)`"),
        (LEVELS * 1j, "got an array .* of complex128"),
        (LEVELS.transpose(2, 0, 1), r"channels last: `array.transpose\(1, 2, 0\)`"),
        (np.stack([LEVELS.transpose(2, 0, 1)] * 2), r"`array.transpose\(0, 2, 3, 1\)`"),
        (PLANES.permute(1, 2, 0), r"channels first: `tensor.permute\(2, 0, 1\)`"),
        (PLANES.permute(1, 2, 0)[None], r"`tensor.permute\(0, 3, 1, 2\)`"),
        (np.full((2, 2), np.nan), r"NaN or infinite values. .*`numpy.nan_to_num\(array\)`"),
        (torch.full((3, 2, 2), torch.inf), r"by `tensor.nan_to_num\(\)`"),
        ((PLANES / 255).requires_grad_(), r"must not require a gradient.*`tensor.detach\(\)`"),
        (np.zeros((0, 4, 3)), "must have at least one pixel"),
        (np.zeros(4), r"must be of shape \[h w\], \[h w c\]"),
        (None, r"must be a path, a Pillow image, .* got None"),
        (3, "got an int"),
        ([], "must have at least one, got an empty list"),
        ([[0, 1], [1, 0]], r"got a list at place 0. .*`numpy.array\(...\)`"),
        ("missing.png", "There is no file missing.png"),
    ],
)
def test_what_is_no_picture_is_refused(value, message):
    with pytest.raises(PictureError, match=message):
        as_pictures(value)


def test_levels_are_for_files():
    with pytest.raises((PictureError, RequestError), match="`--levels` is for picture files"):
        as_pictures(LEVELS, ReadingOptions(levels="auto"))
