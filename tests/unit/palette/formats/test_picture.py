import random
from contextlib import suppress

import pytest
from PIL import Image

from ditherlab.errors import PaletteError
from ditherlab.palette import read_palette_file
from ditherlab.palette.formats.picture import sniff

TABLE = [(200, 0, 0), (0, 200, 0), (0, 0, 200), (9, 9, 9), (200, 200, 0)]


def indexed(indices, width):
    picture = Image.frombytes("P", (width, len(indices) // width), bytes(indices))
    picture.putpalette([component for color in TABLE for component in color])
    return picture


def colors_of(path):
    return list(read_palette_file(path).colors)


@pytest.mark.parametrize("suffix", ["png", "gif", "bmp", "tiff"])
def test_indexed_picture_gives_the_entries_in_use_in_palette_order(tmp_path, suffix):
    path = tmp_path / f"some.{suffix}"
    indexed([4, 4, 0, 2], width=2).save(path)
    assert colors_of(path) == [TABLE[0], TABLE[2], TABLE[4]]


def test_repeated_entries_of_an_indexed_picture_are_one_color(tmp_path):
    picture = Image.frombytes("P", (3, 1), bytes([2, 1, 0]))
    picture.putpalette([7, 7, 7, 1, 1, 1, 7, 7, 7])
    picture.save(tmp_path / "some.png")
    assert colors_of(tmp_path / "some.png") == [(7, 7, 7), (1, 1, 1)]


@pytest.mark.parametrize("suffix", ["png", "gif"])
def test_transparent_entry_does_not_count(tmp_path, suffix):
    path = tmp_path / f"some.{suffix}"
    indexed([0, 1, 2, 3], width=2).save(path, transparency=1)
    assert colors_of(path) == [TABLE[0], TABLE[2], TABLE[3]]


def test_only_fully_transparent_entries_do_not_count(tmp_path):
    path = tmp_path / "some.png"
    indexed([0, 1, 2, 3], width=4).save(path, transparency=bytes([255, 0, 1]))
    assert colors_of(path) == [TABLE[0], TABLE[2], TABLE[3]]


@pytest.mark.parametrize("suffix", ["gif", "bmp"])
def test_table_of_grays_is_read_in_table_order(tmp_path, suffix):
    path = tmp_path / f"some.{suffix}"
    picture = Image.frombytes("P", (3, 1), bytes([255, 0, 80]))
    picture.putpalette([level for level in range(256) for _ in range(3)])
    picture.save(path, **({"optimize": False} if suffix == "gif" else {}))
    assert colors_of(path) == [(0, 0, 0), (80, 80, 80), (255, 255, 255)]


@pytest.mark.parametrize("suffix", ["png", "bmp", "tiff", "ppm", "webp"])
def test_other_picture_gives_its_colors_in_order_of_appearance(tmp_path, suffix):
    path = tmp_path / f"some.{suffix}"
    picture = Image.new("RGB", (3, 2), TABLE[4])
    picture.putpixel((2, 0), TABLE[1])
    picture.putpixel((0, 1), TABLE[0])
    picture.save(path, **({"lossless": True} if suffix == "webp" else {}))
    assert colors_of(path) == [TABLE[4], TABLE[1], TABLE[0]]


@pytest.mark.parametrize(("mode", "light"), [("1", 255), ("L", 77), ("LA", (77, 255))])
def test_gray_pictures(tmp_path, mode, light):
    path = tmp_path / "some.png"
    picture = Image.new(mode, (2, 1), light)
    picture.putpixel((1, 0), 0 if mode != "LA" else (0, 255))
    picture.save(path)
    level = 255 if mode == "1" else 77
    assert colors_of(path) == [(level,) * 3, (0, 0, 0)]


def test_transparent_pixels_do_not_count(tmp_path):
    path = tmp_path / "some.png"
    picture = Image.new("RGBA", (2, 2), (1, 2, 3, 0))
    picture.putpixel((1, 0), (50, 60, 70, 1))
    picture.putpixel((1, 1), (80, 90, 100, 255))
    picture.save(path)
    assert colors_of(path) == [(50, 60, 70), (80, 90, 100)]


def test_order_of_appearance_in_a_large_picture(tmp_path):
    path = tmp_path / "tall.png"
    picture = Image.new("RGB", (1, 200_000), TABLE[4])
    picture.putpixel((0, 199_999), TABLE[0])
    picture.putpixel((0, 100_000), TABLE[1])
    picture.save(path)
    assert colors_of(path) == [TABLE[4], TABLE[1], TABLE[0]]


def test_picture_of_one_color(tmp_path):
    path = tmp_path / "flat.png"
    Image.new("RGB", (4, 4), "red").save(path)
    with pytest.raises(PaletteError, match=r"flat\.png: A palette must be 2 to 256 .* got 1\."):
        read_palette_file(path)


def test_number_of_colors_in_a_picture(tmp_path):
    path = tmp_path / "many.png"
    picture = Image.frombytes(
        "RGB", (257, 1), b"".join(bytes([v % 256, v // 256, 0]) for v in range(257))
    )
    picture.crop((0, 0, 256, 1)).save(path)
    assert len(read_palette_file(path)) == 256
    picture.rotate(90, expand=True).save(path)
    with pytest.raises(
        PaletteError,
        match=r"many\.png must be a picture of at most 256 different colors .* Use `--colors` to",
    ):
        read_palette_file(path)


def test_photo_as_jpeg(tmp_path):
    path = tmp_path / "photo.jpg"
    Image.frombytes("RGB", (64, 64), random.Random(0).randbytes(64 * 64 * 3)).save(path)
    with pytest.raises(PaletteError, match="Use `--colors` to learn a palette"):
        read_palette_file(path)


def test_sixteen_bit_picture(tmp_path):
    path = tmp_path / "deep.png"
    Image.new("I;16", (2, 2), 300).save(path)
    with pytest.raises(PaletteError, match=r"deep\.png must be 8-bit sRGB or gray .* got I;16\."):
        read_palette_file(path)


def test_large_picture(monkeypatch, tmp_path):
    path = tmp_path / "large.png"
    indexed([0, 1, 2, 3], width=2).save(path)
    monkeypatch.setattr("ditherlab.palette.formats.picture._MAX_NUM_PX", 3)
    with pytest.raises(PaletteError, match=r"must be at most 3 pixels .* got 4\. Make it smaller"):
        read_palette_file(path)


def test_decompression_bomb(tmp_path):
    path = tmp_path / "bomb.ppm"
    path.write_bytes(b"P6 100000 100000 255\n")
    with pytest.raises(
        PaletteError, match=r"bomb\.ppm is a picture that cannot be read: Image size"
    ):
        read_palette_file(path)


@pytest.mark.parametrize("suffix", ["png", "gif", "bmp", "tiff", "ppm", "webp", "jpg"])
def test_truncated_picture(tmp_path, suffix):
    path = tmp_path / f"torn.{suffix}"
    Image.frombytes("RGB", (64, 64), random.Random(0).randbytes(64 * 64 * 3)).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(PaletteError) as caught:
        read_palette_file(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_truncated_png_is_called_a_picture(tmp_path):
    path = tmp_path / "torn.png"
    indexed([0, 1, 2, 3] * 16, width=8).save(path)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(
        PaletteError, match=r"torn\.png is a picture that cannot be read: .*\. Save"
    ):
        read_palette_file(path)


def test_text_is_no_picture():
    assert not sniff(b"000000\nffffff\n")


def test_a_picture_without_a_color_is_refused(tmp_path):
    for mode, size in (("P", (3, 2)), ("RGBA", (2, 2))):
        picture = Image.new(mode, size)
        options = {"transparency": 0} if mode == "P" else {}
        picture.save(tmp_path / "clear.png", **options)
        with pytest.raises(PaletteError, match="2 to 256 different colors, got 0"):
            read_palette_file(tmp_path / "clear.png")


def test_libtiff_is_silent(tmp_path, capfd):
    indexed([4, 4, 0, 2], width=2).save(tmp_path / "some.tif", compression="tiff_lzw")
    whole = (tmp_path / "some.tif").read_bytes()
    for place in range(8, len(whole), 3):
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        (tmp_path / "some.tif").write_bytes(damaged)
        with suppress(PaletteError):
            read_palette_file(tmp_path / "some.tif")
    assert capfd.readouterr() == ("", "")
