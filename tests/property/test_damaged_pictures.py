"""Whatever befalls the bytes of a file, it is read as a picture or refused in one line."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from ditherlab.errors import PictureError
from ditherlab.images import Picture, read_picture


def _file(file_format: str) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    pixels = np.random.default_rng(1).integers(0, 256, (6, 7, 3), dtype=np.uint8)
    image = Image.fromarray(pixels)
    if file_format == "GIF":
        image = image.quantize(8)
    elif file_format != "JPEG":
        image.putalpha(Image.fromarray(pixels[:, :, 0]))
    options = {} if file_format == "GIF" else {"exif": exif, "icc_profile": profile}
    file = BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


FILES = {name: _file(name) for name in ("PNG", "JPEG", "GIF", "TIFF", "WEBP")}


def read_or_refuse(data: bytes) -> None:
    try:
        picture = read_picture(BytesIO(data))
    except PictureError as error:
        message = str(error)
        assert message.startswith("standard input ")
        assert message.endswith(".")
        assert len(message.splitlines()) == 1
    else:
        assert isinstance(picture, Picture)
        assert all(len(note.splitlines()) == 1 for note in picture.notes)


@pytest.mark.parametrize("file_format", FILES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_beginning_of_a_file(file_format: str, data: st.DataObject) -> None:
    whole = FILES[file_format]
    read_or_refuse(whole[: data.draw(st.integers(0, len(whole)))])


@pytest.mark.parametrize("file_format", FILES)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_any_bits_flipped(file_format: str, data: st.DataObject) -> None:
    damaged = bytearray(FILES[file_format])
    bits = st.integers(0, 8 * len(damaged) - 1)
    for bit in data.draw(st.lists(bits, min_size=1, max_size=6, unique=True)):
        damaged[bit // 8] ^= 1 << bit % 8
    read_or_refuse(bytes(damaged))


@pytest.mark.parametrize("file_format", FILES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_bytes_put_in(file_format: str, data: st.DataObject) -> None:
    whole = FILES[file_format]
    place = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(place, len(whole)))
    read_or_refuse(whole[:place] + data.draw(st.binary(max_size=40)) + whole[end:])


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_bytes_at_all(data: bytes) -> None:
    read_or_refuse(data)
