"""The colors that hardware can show."""

from pathlib import Path

import pytest

from ditherlab.errors import PaletteError, PaletteRequestError
from ditherlab.palette import HardwareGamut, parse_gamut


@pytest.mark.parametrize(
    ("words", "num_colors"),
    [("rgb332", 256), ("rgb444", 4096), ("rgb555", 32768), ("rgb565", 65536), ("bits=1", 8)],
)
def test_named_gamuts_have_as_many_colors_as_their_bits_tell(words, num_colors):
    gamut = parse_gamut(words)
    assert gamut.num_colors == num_colors
    assert len(set(gamut.colors)) == num_colors
    assert gamut.holds((0, 0, 0)) and gamut.holds((255, 255, 255))


def test_levels_are_spread_evenly_and_rounded():
    assert parse_gamut("rgb332").levels[0] == (0, 36, 73, 109, 146, 182, 219, 255)
    assert parse_gamut("bits=8").levels[1] == tuple(range(256))
    # Repeated bits, 00011 000, would give 24.
    assert parse_gamut("rgb555").levels[0][3] == 25


@pytest.mark.parametrize("color", [(12, 200, 77), (255, 254, 1), (128, 127, 129)])
@pytest.mark.parametrize("words", ["rgb332", "rgb444", "#123,#fed,#777"])
def test_the_nearest_color_is_the_nearest_of_all(words, color):
    gamut = parse_gamut(words)

    def distance(other):
        return sum((a - b) ** 2 for a, b in zip(color, other, strict=True))

    assert distance(gamut.nearest(color)) == min(map(distance, gamut.colors))


def test_only_equal_levels_serve_gray_pictures_in_gray():
    words = ("rgb444", "rgb332", "rgb565", "#000,#fff", "#000,#f80")
    assert [parse_gamut(word).is_good_in_gray for word in words] == [
        True,
        False,
        False,
        True,
        False,
    ]


def test_a_file_is_a_gamut(tmp_path: Path):
    path = tmp_path / "few.hex"
    path.write_text("000000\nff8000\nffffff\n")
    gamut = parse_gamut(str(path))
    assert gamut == HardwareGamut("#000000,#ff8000,#ffffff", listed=gamut.colors)
    assert parse_gamut(gamut.words) == gamut


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("bits=0", r"`--gamut bits=N` must be from 1 to 8 bits a channel, got 'bits=0'"),
        ("bits=9", "must be from 1 to 8"),
        ("bits=x", "must be from 1 to 8"),
        ("rgb556", r"known bit layout, got 'rgb556'. Did you mean `rgb5[56]5`"),
        ("#12", "is not a color"),
        ("nonsense", r"`--gamut` must be a name, a file or colors"),
    ],
)
def test_words_that_cannot_be_meant_are_refused(words, message):
    with pytest.raises(PaletteRequestError, match=message):
        parse_gamut(words)


def test_a_file_that_is_missing_is_refused():
    with pytest.raises(PaletteError, match="does not exist"):
        parse_gamut("missing.hex")
