"""The range of deep gray pictures: what the file states, what is asked for, else its depth."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from ditherlab.errors import PictureError, RequestError
from ditherlab.images import Picture, ReadingOptions, parse_levels, read_picture

MIN, MAX, SMIN, SMAX = 280, 281, 340, 341


def tiff(values: np.ndarray, **tags: object) -> BytesIO:
    file = BytesIO()
    info = {int(name.removeprefix("tag")): value for name, value in tags.items()}
    Image.fromarray(values).save(file, "TIFF", tiffinfo=info)
    return BytesIO(file.getvalue())


def gray(picture: Picture) -> np.ndarray:
    return picture.pixels[..., 0].astype(int)


def ramp(low: float, high: float, kind: object) -> np.ndarray:
    return np.linspace(low, high, 64).reshape(4, 16).astype(kind)  # type: ignore[call-overload]


EXPECTED = np.floor(np.linspace(0, 255, 64).reshape(4, 16) + 0.5)

# Depths and ranges that instruments write into wider samples.
NARROW = [
    (0, 1023, np.uint16),
    (0, 4095, np.uint16),
    (0, 16383, np.uint16),
    (0, 4095, np.int32),
    (0, 65535, np.int32),
    (0, 0.05, np.float32),
]


@pytest.mark.parametrize(("low", "high", "kind"), NARROW)
def test_a_small_part_of_the_range_is_said(low: float, high: float, kind: object) -> None:
    picture = read_picture(tiff(ramp(low, high, kind)))
    (note,) = picture.notes
    assert f"from {low:g} to {high:g}, a small part of" in note
    assert "`--levels LOW:HIGH` or `--levels auto`" in note


@pytest.mark.parametrize(("low", "high"), [(60_000, 65_535), (30_000, 32_000), (32_768, 36_863)])
def test_so_is_a_small_part_that_does_not_begin_at_black(low: int, high: int) -> None:
    (note,) = read_picture(tiff(ramp(low, high, np.uint16))).notes
    assert f"from {low:g} to {high:g}, a small part of" in note


def test_floats_near_the_largest_do_not_overflow() -> None:
    picture = read_picture(tiff(ramp(-3e38, 3e38, np.float32)), ReadingOptions(levels="auto"))
    assert abs(gray(picture) - EXPECTED).max() <= 1
    assert picture.notes == ()


WIDE = [(0, 255, np.float32), (-3, 1, np.float32), (0, 1000, np.float32), (-9, 9e6, np.int32)]


@pytest.mark.parametrize(("low", "high", "kind"), WIDE)
def test_what_is_clipped_is_said(low: float, high: float, kind: object) -> None:
    picture = read_picture(tiff(ramp(low, high, kind)))
    (note,) = picture.notes
    assert f"from {low:g} to {high:g}, and those outside" in note
    assert "--levels" in note


@pytest.mark.parametrize(("low", "high", "kind"), [*NARROW, *WIDE])
@pytest.mark.parametrize("is_spelled", [False, True])
def test_levels_are_what_becomes_black_and_white(
    low: float, high: float, kind: object, is_spelled: bool
) -> None:
    levels = parse_levels(f"{low}:{high}" if is_spelled else "auto")
    picture = read_picture(tiff(ramp(low, high, kind)), ReadingOptions(levels=levels))
    assert abs(gray(picture) - EXPECTED).max() <= 1
    assert picture.notes == ()


@pytest.mark.parametrize(
    ("values", "tags"),
    [
        (ramp(0, 4095, np.uint16), {"tag281": 4095}),
        (ramp(100, 1000, np.uint16), {"tag280": 100, "tag281": 1000}),
        (ramp(0, 255, np.float32), {"tag340": 0.0, "tag341": 255.0}),
        (ramp(0, 0.5, np.float32), {"tag341": 0.5}),
        (ramp(-1, 1, np.float32), {"tag340": -1.0, "tag341": 1.0}),
        (ramp(-500, 500, np.int32), {"tag340": -500, "tag341": 500}),
    ],
)
def test_the_range_that_a_tiff_states_is_used(values: np.ndarray, tags: dict[str, object]) -> None:
    picture = read_picture(tiff(values, **tags))
    assert abs(gray(picture) - EXPECTED).max() <= 1
    assert picture.notes == ()
    # What is asked for comes first.
    asked = read_picture(tiff(values, **tags), ReadingOptions(levels=parse_levels("0:1e9")))
    assert gray(asked).max() == 0


def test_a_flat_picture_has_levels_too() -> None:
    flat = read_picture(tiff(np.full((4, 4), 7, np.uint16)), ReadingOptions(levels="auto"))
    assert set(gray(flat).ravel()) == {0}
    nothing = np.full((4, 4), np.nan, np.float32)
    assert set(gray(read_picture(tiff(nothing))).ravel()) == {0}


@pytest.mark.parametrize("text", ["", "5", "9:1", "1:1", "a:b", "0:nan", "0:inf", "1:2:3", ":"])
def test_wrong_levels_are_refused(text: str) -> None:
    with pytest.raises(RequestError, match=r"`--levels` must be LOW:HIGH"):
        parse_levels(text)


@pytest.mark.parametrize("levels", [7, (1,), (1, 2, 3), (5, 1), "x", (None, 1)])
def test_wrong_levels_of_a_program_are_refused(levels: object) -> None:
    with pytest.raises(RequestError, match=r"`--levels` must be LOW:HIGH"):
        ReadingOptions(levels=levels)  # type: ignore[arg-type]
    assert ReadingOptions(levels=(0, 5)).levels == (0.0, 5.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["L", "RGB", "P", "1", "RGBA"])
def test_levels_of_other_pictures_are_refused(mode: str) -> None:
    file = BytesIO()
    Image.new(mode, (4, 4)).save(file, "PNG")
    with pytest.raises(PictureError, match="`--levels` needs a gray picture with more than 8 bits"):
        read_picture(BytesIO(file.getvalue()), ReadingOptions(levels="auto"))


def test_orientation_leaves_the_meaning_of_zero() -> None:
    values = np.array([[0, 65535]], dtype=np.uint16)
    picture = read_picture(tiff(values, tag262=0, tag274=6))
    assert gray(picture).tolist() == [[255], [0]]
