import re

import pytest

from ditherlab.errors import PaletteRequestError
from ditherlab.palette import named_palette, named_palettes

SIZES = {
    "black-and-white": 2,
    "gray-4": 4,
    "game-boy": 4,
    "cga": 4,
    "ega": 16,
    "c64": 16,
    "zx-spectrum": 15,
    "nes": 54,
    "pico-8": 16,
    "sweetie-16": 16,
    "apple-ii": 15,
    "e-ink-3": 3,
    "e-ink-4": 4,
    "e-ink-6": 6,
    "e-ink-7": 7,
    "e-ink-4-measured": 4,
    "e-ink-6-measured": 6,
    "web-safe": 216,
}


def test_names_and_sizes():
    assert {name: len(palette) for name, palette in named_palettes().items()} == SIZES


@pytest.mark.parametrize("name", SIZES)
def test_every_palette_knows_its_name_and_source(name):
    palette = named_palette(name)
    assert palette.name == name
    assert palette.source
    assert "\n" not in palette.source
    # A repeated color in the table would be a slip of the pen.
    assert palette.num_merged == 0
    assert all(re.fullmatch(r"#[0-9a-f]{6}", spelled) for spelled in palette.hex)


def test_some_colors():
    assert named_palette("game-boy").hex == ["#0f380f", "#306230", "#8bac0f", "#9bbc0f"]
    assert named_palette("gray-4").colors == tuple((level,) * 3 for level in (0, 85, 170, 255))
    assert named_palette("e-ink-7").hex == [
        "#000000", "#ffffff", "#00ff00", "#0000ff", "#ff0000", "#ffff00", "#ff8000",
    ]  # fmt: skip
    assert named_palette("web-safe").hex[:3] == ["#000000", "#000033", "#000066"]
    assert {level for color in named_palette("web-safe").colors for level in color} == set(
        range(0, 256, 51)
    )


def test_ega_is_rgbi_with_a_brown():
    expected = []
    for index in range(16):
        low, high = (0x55, 0xFF) if index & 8 else (0x00, 0xAA)
        expected.append(tuple(high if index & bit else low for bit in (4, 2, 1)))
    expected[6] = (0xAA, 0x55, 0x00)
    assert named_palette("ega").colors == tuple(expected)
    assert set(named_palette("cga").colors) <= set(expected)


def test_spectrum_counts_in_green_red_blue():
    colors = named_palette("zx-spectrum").colors
    assert [
        tuple(bool(component) for component in (green, red, blue)) for red, green, blue in colors
    ] == [tuple(bool(index & bit) for bit in (4, 2, 1)) for index in [*range(8), *range(1, 8)]]


def test_small_screens_are_gray():
    assert {name for name, palette in named_palettes().items() if palette.is_gray} == {
        "black-and-white",
        "gray-4",
    }


def test_mapping_is_read_only():
    with pytest.raises(TypeError):
        named_palettes()["cga"] = named_palette("ega")  # type: ignore[index]


def test_unknown_name():
    with pytest.raises(
        PaletteRequestError,
        match=r"must be a known one, got 'pico8'\. Did you mean `pico-8`\?$",
    ):
        named_palette("pico8")
    with pytest.raises(PaletteRequestError, match=r"There are: apple-ii, black-and-white, "):
        named_palette("???")
