"""Pictures are written in the format that the suffix names, and read back as they were."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ditherlab.errors import PictureError, RequestError
from ditherlab.images import ENCODERS, Encoder, IndexedImage, encoder_for, read_picture

COLORS = [(0, 0, 0), (255, 255, 255), (255, 255, 0), (0, 0, 0), (0, 0, 255), (9, 99, 199)]
PLACES = np.random.default_rng(6).choice([0, 1, 2, 4], (24, 31)).astype(np.uint8)
OPAQUE = np.ones(PLACES.shape, dtype=bool)
HOLED = OPAQUE.copy()
HOLED[3:9, 5:20] = False

by_name = pytest.mark.parametrize("encoder", ENCODERS, ids=lambda encoder: encoder.name)


def opened(data: bytes) -> Image.Image:
    image = Image.open(BytesIO(data))
    image.load()
    return image


@by_name
@pytest.mark.parametrize("transparent", [None, 3, 5, 0])
def test_places_and_colors_survive(encoder: Encoder, transparent: int | None) -> None:
    places = np.where(PLACES == 0, np.uint8(1), PLACES)
    written = IndexedImage.of(places, COLORS, OPAQUE, transparent=transparent)
    data = encoder.encode(written, {"Software": "x"})
    image = opened(data)
    assert image.format == encoder.name.upper()
    expected = np.array(COLORS, dtype=np.uint8)[places]
    assert (np.asarray(image.convert("RGB")) == expected).all()
    if encoder.name != "WebP":
        assert image.mode == "P"
        assert (np.asarray(image) == places).all()
        table = image.getpalette()
        assert table is not None
        assert table[: 3 * len(COLORS)] == [level for color in COLORS for level in color]
    assert (read_picture(BytesIO(data)).pixels == expected).all()
    # The same arguments give the same bytes.
    assert encoder.encode(written, {"Software": "x"}) == data


@by_name
@pytest.mark.parametrize("transparent", [None, 3, 5])
def test_transparent_pixels(encoder: Encoder, transparent: int | None) -> None:
    if not encoder.holds_transparency:
        with pytest.raises(PictureError, match=f"A {encoder.name} file holds no transparent"):
            encoder.check(31, 24, is_opaque=False, is_soft=False)
        return
    encoder.check(31, 24, is_opaque=False, is_soft=False)
    written = IndexedImage.of(PLACES, COLORS, HOLED, transparent=transparent)
    picture = read_picture(BytesIO(encoder.encode(written, {})))
    assert (picture.opaque == HOLED).all()
    expected = np.array(COLORS, dtype=np.uint8)[PLACES]
    assert (picture.pixels[HOLED] == expected[HOLED]).all()


@by_name
def test_partly_transparent_pixels(encoder: Encoder) -> None:
    alpha = np.where(HOLED, np.uint8(255), np.uint8(90))
    if not encoder.holds_soft_alpha:
        with pytest.raises(PictureError, match=r"holds no (partly )?transparent pixels"):
            encoder.check(31, 24, is_opaque=encoder.name != "GIF", is_soft=True)
        return
    written = IndexedImage.of(PLACES, COLORS, OPAQUE, alpha=alpha)
    image = opened(encoder.encode(written, {})).convert("RGBA")
    assert (np.asarray(image)[..., 3] == alpha).all()


@pytest.mark.parametrize("name", ["PNG", "BMP", "TIFF"])
@pytest.mark.parametrize("dpi", [(300.0, 300.0), (72.0, 144.0), (203.2, 203.2)])
def test_the_resolution_is_kept(name: str, dpi: tuple[float, float], tmp_path: Path) -> None:
    (encoder,) = (known for known in ENCODERS if known.name == name)
    path = tmp_path / f"some{encoder.suffixes[0]}"
    path.write_bytes(encoder.encode(IndexedImage.of(PLACES, COLORS, OPAQUE, dpi=dpi), {}))
    again = read_picture(path)
    assert again.dpi == pytest.approx(dpi, abs=0.03)
    assert again.num_file_bytes == path.stat().st_size


@pytest.mark.parametrize("dpi", [(0, 0), (0.5, 5), (1e9, 1e9), (0.001, 72)])
def test_a_resolution_that_cannot_be_is_left_out(dpi: tuple[float, float]) -> None:
    file = BytesIO()
    Image.fromarray(PLACES).save(file, "TIFF", dpi=dpi)
    assert read_picture(BytesIO(file.getvalue())).dpi is None


def test_a_turned_picture_turns_its_resolution() -> None:
    file = BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(PLACES).save(file, "PNG", dpi=(100, 200), exif=exif)
    assert read_picture(BytesIO(file.getvalue())).dpi == pytest.approx((200, 100), abs=0.03)


@pytest.mark.parametrize("path", ["x.jpg", "x", "x.PNGX", "folder.d/x", "x.gif.txt", ".png"])
def test_a_suffix_of_no_format_is_refused(path: str) -> None:
    with pytest.raises(RequestError, match=r"must be a file that ends in one of \.png \.gif"):
        encoder_for(path)


@pytest.mark.parametrize(("path", "name"), [("a.PNG", "PNG"), ("b.Tif", "TIFF"), ("c.dib", "BMP")])
def test_the_case_of_a_suffix_does_not_matter(path: str, name: str) -> None:
    assert encoder_for(path).name == name


@pytest.mark.parametrize(("name", "side"), [("GIF", 70_000), ("WebP", 17_000)])
def test_a_picture_that_is_too_large_is_refused(name: str, side: int) -> None:
    (encoder,) = (known for known in ENCODERS if known.name == name)
    with pytest.raises(PictureError, match=f"A {name} file holds at most"):
        encoder.check(side, 10, is_opaque=True, is_soft=False)


@pytest.mark.parametrize(("num_colors", "depth"), [(1, 1), (3, 2), (15, 4), (16, 8)])
def test_a_transparent_entry_takes_no_more_bits_than_it_must(num_colors: int, depth: int) -> None:
    """15 colors and a transparent entry are 16, which fit into 4 bits."""
    colors = [(value, value, value) for value in range(num_colors)]
    places = np.zeros(PLACES.shape, dtype=np.uint8)
    for transparent in (None, 0 if num_colors > 1 else None):
        if transparent == 0:
            places[...] = 1
        image = IndexedImage.of(places, colors, HOLED, transparent=transparent)
        data = ENCODERS[0].encode(image, {})
        assert data[24] == (depth if transparent is None else {3: 2, 15: 4, 16: 4}[num_colors])
