"""Color profiles of picture files: applied, or ignored with a note."""

import struct
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from ditherlab.images import read_picture
from tests.color_profiles import swapped_profile

RANDOM = np.random.default_rng(5).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def encoded(image: Image.Image, file_format: str = "PNG", **options: object) -> BytesIO:
    file = BytesIO()
    image.save(file, file_format, **options)
    return BytesIO(file.getvalue())


def gray_profile(gamma: float) -> bytes:
    """Write an ICC profile of a gray that follows a power law."""
    return gray_profile_of_curve(round(gamma * 256))


def gray_profile_of_curve(*curve: int) -> bytes:
    """Write an ICC profile of a gray with a curve: one gamma in 1/256, or levels of 65535."""

    def tag(kind: bytes, data: bytes) -> bytes:
        return (kind + bytes(4) + data).ljust(20, b"\0")

    white = struct.pack(">iii", 63190, 65536, 54061)
    tags = {
        b"wtpt": tag(b"XYZ ", white),
        b"kTRC": tag(b"curv", struct.pack(f">I{len(curve)}H", len(curve), *curve)),
        b"desc": tag(b"text", b"gray\0"),
        b"cprt": tag(b"text", b"none\0"),
    }
    start = 128 + 4 + 12 * len(tags)
    table = struct.pack(">I", len(tags)) + b"".join(
        struct.pack(">4sII", name, start + 20 * place, 20) for place, name in enumerate(tags)
    )
    body = table + b"".join(tags.values())
    head = struct.pack(
        ">I4sI4s4s4s", 128 + len(body), bytes(4), 0x02400000, b"mntr", b"GRAY", b"XYZ "
    )
    head = head.ljust(36, b"\0") + b"acsp"
    head = head.ljust(68, b"\0") + white
    return head.ljust(128, b"\0") + body


def test_the_profile_of_a_colored_picture_is_applied() -> None:
    for image in (Image.fromarray(RANDOM), Image.fromarray(RANDOM[:8, :8]).quantize(64)):
        plain = np.asarray(image.convert("RGB")).astype(int)
        picture = read_picture(encoded(image, icc_profile=swapped_profile()))
        assert abs(picture.pixels - plain[:, :, ::-1]).max() <= 1
        assert picture.notes == ()


def test_the_profile_is_applied_beside_an_alpha_channel() -> None:
    image = Image.fromarray(RANDOM)
    image.putalpha(Image.fromarray(np.where(RANDOM[:, :, 0] < 99, 0, 255).astype(np.uint8)))
    picture = read_picture(encoded(image, icc_profile=swapped_profile()))
    assert abs(picture.pixels - RANDOM[:, :, ::-1].astype(int)).max() <= 1
    assert (picture.opaque == (RANDOM[:, :, 0] >= 99)).all()


def test_the_profile_of_a_gray_picture_is_applied() -> None:
    levels = np.arange(256, dtype=np.uint8)[np.newaxis]
    picture = read_picture(encoded(Image.fromarray(levels), icc_profile=gray_profile(1.0)))
    light = levels[0] / 255
    srgb = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    assert picture.notes == ()
    assert picture.is_gray
    assert abs(picture.pixels[0, :, 0] - srgb * 255).max() < 0.6


def test_the_black_of_a_profile_becomes_black() -> None:
    """Black-point compensation maps light `y` to `(y - black) / (1 - black)`.

    Here light rises in a line from a tenth to 1, so that it rises from 0 to 1 afterwards.
    """
    levels = np.arange(256, dtype=np.uint8)[np.newaxis]
    profile = gray_profile_of_curve(6554, 65535)
    picture = read_picture(encoded(Image.fromarray(levels), icc_profile=profile))
    light = levels[0] / 255
    srgb = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    assert picture.notes == ()
    assert abs(picture.pixels[0, :, 0] - srgb * 255).max() < 0.6


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "P", "CMYK"])
@pytest.mark.parametrize(
    ("profile", "note"),
    [
        (b"no profile", "cannot be read"),
        (swapped_profile()[:200], "cannot be read"),
        (b"", ""),
    ],
)
def test_a_broken_profile_is_ignored_and_noted(mode: str, profile: bytes, note: str) -> None:
    image = Image.fromarray(RANDOM).convert(mode)
    file_format = "TIFF" if mode == "CMYK" else "PNG"
    plain = read_picture(encoded(image, file_format))
    picture = read_picture(encoded(image, file_format, icc_profile=profile))
    assert (picture.pixels == plain.pixels).all()
    assert [note in said for said in picture.notes] == ([True] if note else [])


def test_a_profile_of_another_kind_is_ignored_and_noted() -> None:
    picture = read_picture(encoded(Image.fromarray(RANDOM), icc_profile=gray_profile(1.0)))
    assert (picture.pixels == RANDOM).all()
    assert picture.notes == ("Its color profile is for GRAY and not for RGB, and was ignored.",)


def test_the_profile_of_rgb_on_a_gray_picture_is_applied() -> None:
    image = Image.fromarray(RANDOM[:, :, 0])
    picture = read_picture(encoded(image, icc_profile=swapped_profile()))
    assert abs(picture.pixels[:, :, 1] - RANDOM[:, :, 0].astype(int)).max() <= 1
