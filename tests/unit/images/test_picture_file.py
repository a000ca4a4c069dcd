import os
import struct
import warnings
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile, ImageOps
from PIL.PngImagePlugin import PngInfo

from ditherlab.errors import PictureError
from ditherlab.images import Picture, ReadingOptions, read_picture
from tests.png_files import png

RANDOM = np.random.default_rng(5).integers(0, 256, (48, 64, 3), dtype=np.uint8)
NOBODY = 65534


def encoded(image: Image.Image, file_format: str = "PNG", **options: object) -> BytesIO:
    file = BytesIO()
    image.save(file, file_format, **options)
    return BytesIO(file.getvalue())


def test_colors_are_read_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "two.dots.png"
    Image.fromarray(RANDOM).save(path)
    for source in (path, str(path)):
        picture = read_picture(source)
        assert (picture.pixels == RANDOM).all()
        assert not picture.has_transparency
        assert (picture.name, picture.notes) == ("two.dots", ())
        assert picture.pixels.flags.writeable


@pytest.mark.parametrize("file_format", ["BMP", "PPM", "TIFF", "QOI", "WEBP", "JPEG2000"])
def test_other_formats_without_loss(file_format: str) -> None:
    options = {"lossless": True} if file_format == "WEBP" else {}
    picture = read_picture(encoded(Image.fromarray(RANDOM), file_format, **options))
    assert (picture.pixels == RANDOM).all()


def test_a_stream_that_cannot_seek_is_read_and_has_no_name() -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as reader, os.fdopen(write_end, "wb") as writer:
        writer.write(encoded(Image.fromarray(RANDOM[:8, :8])).getvalue())
        writer.close()
        picture = read_picture(reader)
    assert (picture.pixels == RANDOM[:8, :8]).all()
    assert picture.name == ""


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "WEBP"])
def test_the_orientation_of_exif_is_applied(orientation: int, file_format: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if file_format == "WEBP" else {}
    file = encoded(Image.fromarray(RANDOM), file_format, exif=exif, **options)
    with Image.open(BytesIO(file.getvalue())) as image:
        expected = np.asarray(ImageOps.exif_transpose(image))
    assert (read_picture(file).pixels == expected).all()


def test_the_mask_is_turned_too() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    alpha = np.zeros((2, 3), np.uint8)
    alpha[0, 0] = 255
    image = Image.fromarray(np.dstack([RANDOM[:2, :3], alpha]))
    picture = read_picture(encoded(image, exif=exif))
    assert picture.opaque.tolist() == [[False, True], [False, False], [False, False]]


def test_exif_that_is_damaged_turns_nothing() -> None:
    file = encoded(Image.fromarray(RANDOM), "PNG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12")
    picture = read_picture(file)
    assert (picture.pixels == RANDOM).all()
    assert all(len(note.splitlines()) == 1 for note in picture.notes)


def test_cmyk_without_a_profile() -> None:
    inks = np.zeros((32, 32, 4), np.uint8)
    inks[:, :16, 0] = 255
    inks[16:, 16:, 3] = 255
    for file_format in ("TIFF", "JPEG"):
        picture = read_picture(encoded(Image.fromarray(inks, "CMYK"), file_format))
        assert abs(picture.pixels[0, 0] - np.array([0, 255, 255])).max() <= 2
        assert abs(picture.pixels[0, 31] - np.array([255, 255, 255])).max() <= 2
        assert abs(picture.pixels[31, 31] - np.array([0, 0, 0])).max() <= 2


@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "PPM"])
def test_16_bit_gray_is_rounded(file_format: str) -> None:
    levels = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    picture = read_picture(encoded(Image.fromarray(levels), file_format))
    expected = np.floor(levels / 65535 * 255 + 0.5)
    assert picture.is_gray
    assert (picture.pixels[:, :, 0] == expected).all()
    assert picture.notes == ()


def test_16_bit_gray_of_big_endian_tiff() -> None:
    levels = np.array([[0, 128, 129, 65535]], dtype=">u2")
    image = Image.frombytes("I;16B", (4, 1), levels.tobytes())
    assert read_picture(encoded(image, "TIFF")).pixels[0, :, 0].tolist() == [0, 0, 1, 255]


def test_32_bit_gray() -> None:
    levels = np.array([[0, 2**30, 2**31 - 1, -5]], dtype=np.int32)
    signed = read_picture(encoded(Image.fromarray(levels), "TIFF"))
    assert signed.pixels[0, :, 0].tolist() == [0, 128, 255, 0]
    assert "clipped" in signed.notes[0]
    signed_tag, unsigned_tag = (struct.pack("<HHII", 339, 3, 1, kind) for kind in (2, 1))
    levels = np.array([[0, 2**30, 3 * 2**29, -5]], dtype=np.int32)
    data = encoded(Image.fromarray(levels), "TIFF").getvalue()
    assert signed_tag in data
    unsigned = read_picture(BytesIO(data.replace(signed_tag, unsigned_tag)))
    assert unsigned.pixels[0, :, 0].tolist() == [0, 64, 96, 255]


def test_floats_lie_between_zero_and_one() -> None:
    levels = np.array([[0, 0.2, 0.5, 1]], dtype=np.float32)
    picture = read_picture(encoded(Image.fromarray(levels), "TIFF"))
    assert picture.pixels[0, :, 0].tolist() == [0, 51, 128, 255]
    assert picture.notes == ()
    wild = np.array([[np.nan, np.inf, -np.inf, 7]], dtype=np.float32)
    picture = read_picture(encoded(Image.fromarray(wild), "TIFF"))
    assert picture.pixels[0, :, 0].tolist() == [0, 255, 0, 255]
    assert "clipped" in picture.notes[0]


def test_16_bit_gray_where_zero_is_white() -> None:
    levels = np.array([[0, 65535]], dtype=np.uint16)
    file = encoded(Image.fromarray(levels), "TIFF", tiffinfo={262: 0})
    with Image.open(BytesIO(file.getvalue())) as image:
        assert image.tag_v2[262] == 0
    assert read_picture(file).pixels[0, :, 0].tolist() == [255, 0]


def test_16_bit_color_and_alpha() -> None:
    samples = np.array([[0xFFFF, 0x8000, 0, 0x8000], [0, 0xFFFF, 0x1234, 0x7FFF]], dtype=">u2")
    file = BytesIO(png(2, 1, 16, 6, b"\0" + samples.tobytes()))
    picture = read_picture(file, ReadingOptions(alpha="cut"))
    assert picture.pixels.tolist() == [[[255, 128, 0], [0, 255, 0x12]]]
    assert picture.opaque.tolist() == [[True, False]]
    assert picture.notes[0].startswith("Its partly transparent pixels")


def test_a_transparent_color_of_16_bits() -> None:
    samples = np.array([[0xFFFF, 0x8000, 0], [0, 0xFFFF, 0x1234]], dtype=">u2")
    key = {"tRNS": samples[1].tobytes()}
    picture = read_picture(BytesIO(png(2, 1, 16, 2, b"\0" + samples.tobytes(), **key)))
    assert picture.opaque.tolist() == [[True, False]]
    levels = np.array([7, 8, 0x0800], dtype=">u2")
    key = {"tRNS": levels[1:2].tobytes()}
    picture = read_picture(BytesIO(png(3, 1, 16, 0, b"\0" + levels.tobytes(), **key)))
    assert picture.opaque.tolist() == [[True, False, True]]


def test_gray_and_one_bit() -> None:
    gray = read_picture(encoded(Image.fromarray(RANDOM[:, :, 0])))
    assert (gray.pixels == RANDOM[:, :, :1]).all()
    dots = RANDOM[:, :, 0] > 99
    for file_format in ("PNG", "TIFF", "PPM"):
        picture = read_picture(encoded(Image.fromarray(dots), file_format))
        assert (picture.pixels == np.where(dots, 255, 0)[:, :, np.newaxis]).all()
        assert not picture.has_transparency


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_alpha_is_cut_at_one_half(mode: str, file_format: str) -> None:
    image = Image.fromarray(RANDOM[:1, :4]).convert(mode)
    image.putalpha(Image.fromarray(np.array([[0, 127, 128, 255]], dtype=np.uint8)))
    picture = read_picture(encoded(image, file_format), ReadingOptions(alpha="cut"))
    assert picture.opaque.tolist() == [[False, False, True, True]]
    expected = np.asarray(Image.fromarray(RANDOM[:1, :4]).convert(mode[:-1]).convert("RGB"))
    assert (picture.pixels == expected).all()
    assert len(picture.notes) == 1


@pytest.mark.parametrize(
    ("transparency", "opaque"), [(None, [1, 1, 1]), (1, [1, 0, 1]), (bytes([127, 128]), [0, 1, 1])]
)
def test_a_palette_with_and_without_transparency(
    transparency: int | bytes | None, opaque: list[int]
) -> None:
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8))
    image.putpalette([9, 8, 7, 6, 5, 4, 3, 2, 1])
    options = {} if transparency is None else {"transparency": transparency}
    picture = read_picture(encoded(image, **options), ReadingOptions(alpha="cut"))
    assert picture.opaque.tolist() == [[bool(value) for value in opaque]]
    assert picture.pixels.tolist() == [[[9, 8, 7], [6, 5, 4], [3, 2, 1]]]


@pytest.mark.parametrize(("mode", "key"), [("L", 9), ("1", 0), ("RGB", (9, 9, 9))])
def test_a_transparent_color(mode: str, key: int | tuple[int, ...]) -> None:
    levels = np.array([[9, 255]], np.uint8)
    image = Image.fromarray(levels if mode != "1" else levels > 9).convert(mode)
    picture = read_picture(encoded(image, transparency=key))
    assert picture.opaque.tolist() == [[False, True]]
    assert picture.pixels[0, 1].tolist() == [255, 255, 255]


def test_a_picture_that_is_nothing_but_transparent() -> None:
    picture = read_picture(encoded(Image.new("RGBA", (3, 2))))
    assert not picture.opaque.any()


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_the_first_frame_of_an_animation_is_used(file_format: str) -> None:
    frames = [Image.new("RGB", (4, 4), color) for color in ("#ff0000", "#00ff00", "#0000ff")]
    options = {"lossless": True} if file_format == "WEBP" else {}
    file = encoded(frames[0], file_format, save_all=True, append_images=frames[1:], **options)
    picture = read_picture(file)
    assert (picture.pixels == [255, 0, 0]).all()
    assert picture.notes == ("It holds several pictures; the first one is used.",)


def refusal(source: object) -> str:
    with pytest.raises(PictureError) as caught:
        read_picture(source)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert message.endswith(".")
    return message


def test_files_that_are_not_there_or_hold_nothing(tmp_path: Path) -> None:
    assert "There is no file" in refusal(tmp_path / "missing.png")
    assert "missing.png" in refusal(str(tmp_path / "missing.png"))
    assert "is a folder" in refusal(tmp_path)
    (tmp_path / "empty.png").touch()
    assert refusal(tmp_path / "empty.png").endswith("empty.png is empty.")
    assert refusal(BytesIO()) == "standard input is empty."
    (tmp_path / "text.png").write_text("Dear reader,\nthis is no picture.\n")
    assert "text.png is not a picture of a known format" in refusal(tmp_path / "text.png")
    assert "not a directory" in refusal(tmp_path / "text.png" / "picture.png")
    assert "embedded null byte" in refusal("nul\0.png")
    assert "two\\nlines.png" in refusal(tmp_path / "two\nlines.png")


def test_a_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "secret.png"
    path.touch(mode=0o000)
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        assert "secret.png cannot be read: permission denied" in refusal(path)
    finally:
        os.seteuid(user)


def test_a_program_for_a_printer_is_no_picture() -> None:
    program = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n"
    assert "not a picture of a known format" in refusal(BytesIO(program))


@pytest.mark.parametrize(
    ("file_format", "options"),
    [("PNG", {}), ("JPEG", {}), ("JPEG", {"progressive": True}), ("WEBP", {}), ("GIF", {})],
)
def test_a_truncated_file_fails_wherever_it_ends(
    file_format: str, options: dict[str, object], tmp_path: Path
) -> None:
    data = encoded(Image.fromarray(RANDOM), file_format, **options).getvalue()
    for part in np.linspace(0.01, 0.98, 25):
        assert "standard input" in refusal(BytesIO(data[: int(part * len(data))]))
    (tmp_path / "half.bin").write_bytes(data[: len(data) // 2])
    assert "half.bin is a damaged picture" in refusal(tmp_path / "half.bin")


def test_60_megapixels_load() -> None:
    picture = read_picture(BytesIO(png(8000, 7500, 1, 0, bytes(1001 * 7500))))
    assert (picture.width, picture.height) == (8000, 7500)
    assert picture.notes == ()


@pytest.mark.parametrize(("width", "height"), [(10_000, 9_000), (20_000, 10_000)])
@pytest.mark.parametrize("filters", ["error", "ignore", "default"])
def test_too_many_megapixels_are_refused_whatever_warnings_do(
    width: int, height: int, filters: str
) -> None:
    bomb = BytesIO(png(width, height, 8, 2, b""))
    with warnings.catch_warnings():
        warnings.simplefilter(filters)
        assert refusal(bomb) == (
            "standard input has more than 89 megapixels. Make the picture smaller first."
        )


def test_text_that_unpacks_to_too_much_is_refused() -> None:
    notes = PngInfo()
    notes.add_text("Comment", "x" * 3_000_000, zip=True)
    assert "damaged picture" in refusal(encoded(Image.fromarray(RANDOM), pnginfo=notes))


def test_what_pillow_warns_of_becomes_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    load = ImageFile.ImageFile.load

    def load_with_a_warning(self: ImageFile.ImageFile) -> object:
        warnings.warn("Something is\nodd.", UserWarning, stacklevel=1)
        warnings.warn("Something is\nodd.", UserWarning, stacklevel=1)
        return load(self)

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", load_with_a_warning)
    picture = read_picture(encoded(Image.fromarray(RANDOM)))
    assert picture.notes == ("Pillow says: Something is odd.",)
    assert isinstance(picture, Picture)
