import inspect
import struct
from collections.abc import Iterator
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from ditherlab.errors import PictureError
from ditherlab.images import encode_indexed_png, read_picture


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 8
    while place < len(png):
        length, kind = struct.unpack(">I4s", png[place : place + 8])
        yield kind, png[place + 8 : place + 8 + length]
        place += 12 + length


def index_image(num_colors: int) -> np.ndarray:
    return (np.arange(20 * 30).reshape(20, 30) % max(num_colors, 1)).astype(np.uint8)


def colors(num_colors: int) -> list[tuple[int, int, int]]:
    return [(number, 255 - number, number // 2) for number in range(num_colors)]


@pytest.mark.parametrize(
    ("num_colors", "bits"),
    [(1, 1), (2, 1), (3, 2), (4, 2), (5, 4), (16, 4), (17, 8), (255, 8), (256, 8)],
)
def test_as_few_bits_as_the_colors_allow(num_colors: int, bits: int) -> None:
    indices = index_image(num_colors)
    opaque = np.ones_like(indices, dtype=bool)
    png = encode_indexed_png(indices, colors(num_colors), opaque, {})
    parts = dict(chunks(png))
    assert parts[b"IHDR"] == struct.pack(">IIBBBBB", 30, 20, bits, 3, 0, 0, 0)
    assert parts[b"PLTE"] == bytes(np.array(colors(num_colors), dtype=np.uint8))
    assert b"tRNS" not in parts
    assert (read_picture(BytesIO(png)).pixels == np.array(colors(num_colors))[indices]).all()
    with Image.open(BytesIO(png)) as image:
        assert (np.asarray(image) == indices).all()


def test_the_file_is_compressed_as_much_as_zlib_can() -> None:
    """RFC 1950, section 2.2: the two highest bits of the second byte are 3 for the slowest way."""
    indices = index_image(4)
    parts = dict(chunks(encode_indexed_png(indices, colors(4), np.ones_like(indices, bool), {})))
    assert parts[b"IDAT"][1] >> 6 == 3


@pytest.mark.parametrize(("num_colors", "bits"), [(1, 1), (2, 2), (4, 4), (16, 8), (255, 8)])
def test_transparent_pixels_get_an_entry_after_the_colors(num_colors: int, bits: int) -> None:
    indices = index_image(num_colors)
    opaque = index_image(3) != 1
    indices[~opaque] = 255
    png = encode_indexed_png(indices, colors(num_colors), opaque, {})
    parts = dict(chunks(png))
    assert parts[b"IHDR"][8] == bits
    assert len(parts[b"PLTE"]) == 3 * (num_colors + 1)
    assert parts[b"tRNS"] == b"\xff" * num_colors + b"\0"
    picture = read_picture(BytesIO(png))
    assert (picture.opaque == opaque).all()
    assert (picture.pixels[opaque] == np.array(colors(num_colors))[indices[opaque]]).all()


@pytest.mark.parametrize("num_colors", [0, 2])
def test_a_fully_transparent_picture(num_colors: int) -> None:
    nothing = np.zeros((4, 5), dtype=bool)
    png = encode_indexed_png(np.zeros((4, 5), np.uint8), colors(num_colors), nothing, {})
    assert not read_picture(BytesIO(png)).opaque.any()


def test_text_of_any_alphabet_is_kept_and_the_bytes_repeat() -> None:
    text = {"Software": "ditherlab", "Title": "Käse", "Comment": "光, and a torn \udcff name"}
    pixel = np.zeros((1, 1), np.uint8)
    opaque = np.ones((1, 1), bool)
    png = encode_indexed_png(pixel, colors(1), opaque, text)
    with Image.open(BytesIO(png)) as image:
        image.load()
        assert image.text == text | {"Comment": "光, and a torn ? name"}
    assert [kind for kind, _ in chunks(png)].count(b"tEXt") == 2
    assert [kind for kind, _ in chunks(png)].count(b"iTXt") == 1
    assert png == encode_indexed_png(pixel, colors(1), opaque, text)


@pytest.mark.parametrize(
    ("num_colors", "first_opaque", "message"),
    [
        (257, True, "at most 256 colors, got 257. Use a smaller palette"),
        (256, False, "at most 255 colors beside the transparent entry, got 256"),
        (1, False, "`indices` must be below the 1 colors, got 1"),
        (0, True, "`indices` must be below the 0 colors"),
    ],
)
def test_impossible_palettes_are_refused(num_colors: int, first_opaque: bool, message: str) -> None:
    with pytest.raises(PictureError, match=message):
        encode_indexed_png(
            np.array([[0, 1]], np.uint8), colors(num_colors), np.array([[first_opaque, True]]), {}
        )


def test_a_channel_above_255_is_refused() -> None:
    with pytest.raises(PictureError, match=r"from 0 to 255, got \(0, 0, 256\)"):
        encode_indexed_png(np.zeros((1, 1), np.uint8), [(0, 0, 256)], np.ones((1, 1), bool), {})


@pytest.mark.parametrize("keyword", ["", "x" * 80, "光", "two\nlines"])
def test_a_keyword_that_png_forbids_is_refused(keyword: str) -> None:
    with pytest.raises(PictureError, match="1 to 79 characters of Latin-1"):
        encode_indexed_png(
            np.zeros((1, 1), np.uint8), colors(1), np.ones((1, 1), bool), {keyword: ""}
        )


def test_a_text_with_nul_is_refused() -> None:
    with pytest.raises(PictureError, match="`Title` of a PNG must not hold a NUL"):
        encode_indexed_png(
            np.zeros((1, 1), np.uint8), colors(1), np.ones((1, 1), bool), {"Title": "\0"}
        )


def test_other_arrays_are_refused() -> None:
    encode = inspect.unwrap(encode_indexed_png)
    with pytest.raises(PictureError, match=r"`indices` must be uint8 .* got int64"):
        encode(np.zeros((1, 1), np.int64), colors(1), np.ones((1, 1), bool), {})
    with pytest.raises(PictureError, match=r"`opaque` must be bool of shape \[1, 2\]"):
        encode(np.zeros((1, 2), np.uint8), colors(1), np.ones((2, 1), bool), {})
