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
    "cga-0-low": 4,
    "cga-0-high": 4,
    "cga-1-low": 4,
    "cga-5-low": 4,
    "cga-5-high": 4,
    "bbc-micro": 8,
    "amstrad-cpc": 27,
    "msx": 15,
    "master-system": 64,
    "amiga-workbench-1": 4,
    "amiga-workbench-2": 4,
    "mac-16": 16,
    "windows-16": 16,
    "risc-os": 16,
    "dawnbringer-16": 16,
    "dawnbringer-32": 32,
    "endesga-32": 32,
    "e-ink-3": 3,
    "e-ink-4": 4,
    "e-ink-6": 6,
    "e-ink-7": 7,
    "e-ink-4-measured": 4,
    "e-ink-6-measured": 6,
    "web-safe": 216,
    "gray-8": 8,
    "gray-16": 16,
    "rgb-3bit": 8,
    "okabe-ito": 8,
    "tableau-10": 10,
    "brewer-set1": 9,
    "brewer-dark2": 8,
    "brewer-paired": 12,
    "solarized": 16,
    "gruvbox": 16,
    "nord": 16,
    "dracula": 11,
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
    modes = ("cga", "cga-0-low", "cga-0-high", "cga-1-low", "cga-5-low", "cga-5-high")
    for mode in modes:
        assert set(named_palette(mode).colors) <= set(expected)


def test_spectrum_counts_in_green_red_blue():
    colors = named_palette("zx-spectrum").colors
    assert [
        tuple(bool(component) for component in (green, red, blue)) for red, green, blue in colors
    ] == [tuple(bool(index & bit) for bit in (4, 2, 1)) for index in [*range(8), *range(1, 8)]]


def test_small_screens_are_gray():
    assert {name for name, palette in named_palettes().items() if palette.is_gray} == {
        "black-and-white",
        "gray-4",
        "gray-8",
        "gray-16",
    }


def test_the_micro_counts_in_blue_green_red():
    assert named_palette("bbc-micro").colors == tuple(
        tuple(255 * bool(index & bit) for bit in (1, 2, 4)) for index in range(8)
    )
    assert set(named_palette("rgb-3bit").colors) == set(named_palette("bbc-micro").colors)


def test_the_firmware_counts_in_nines_of_green_and_threes_of_red():
    levels = (0x00, 0x80, 0xFF)
    assert named_palette("amstrad-cpc").colors == tuple(
        (levels[index // 3 % 3], levels[index // 9], levels[index % 3]) for index in range(27)
    )


def test_grays_are_evenly_spaced():
    for size in (4, 8, 16):
        assert named_palette(f"gray-{size}").colors == tuple(
            (round(255 * index / (size - 1)),) * 3 for index in range(size)
        )


def test_panels_know_the_codes_of_their_drivers():
    known = {palette.name: palette for palette in named_palettes().values() if palette.codes}
    assert {name: palette.codes for name, palette in known.items()} == {
        "e-ink-4": (0, 1, 3, 2),
        "e-ink-4-measured": (0, 1, 3, 2),
        "e-ink-6": (0, 1, 3, 2, 5, 6),
        "e-ink-6-measured": (0, 1, 3, 2, 5, 6),
        "e-ink-7": (0, 1, 2, 3, 4, 5, 6),
    }
    # The driver's own order: black, white, yellow, red, and none is 4.
    by_code = dict(zip(known["e-ink-6"].codes, known["e-ink-6"].names, strict=True))
    assert by_code == {0: "black", 1: "white", 2: "yellow", 3: "red", 5: "blue", 6: "green"}


def test_mapping_is_read_only():
    with pytest.raises(TypeError):
        named_palettes()["cga"] = named_palette("ega")  # type: ignore[index]


def test_unknown_name():
    with pytest.raises(
        PaletteRequestError,
        match=r"must be a known one, got 'pico8'\. Did you mean `pico-8`\?$",
    ):
        named_palette("pico8")
    with pytest.raises(PaletteRequestError, match=r"There are: amiga-workbench-1, "):
        named_palette("???")
