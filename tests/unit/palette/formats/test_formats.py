"""Each format of palette files, byte by byte."""

import struct

import coloraide
import pytest

from ditherlab.errors import PaletteError, PaletteRequestError
from ditherlab.palette import Palette, format_to_write, parse_palette
from ditherlab.palette.formats import sniff_format
from ditherlab.palette.formats.other_spaces import lab_to_color
from tests.property.palette_samples import (
    EMBER,
    OLD_CHUNK,
    OLDER_CHUNK,
    PALETTE_CHUNK,
    SAMPLES,
    aco,
    ase,
    aseprite,
    aseprite_chunk,
)

TWO = ((0, 0, 0, 0, 0), (0, 65535, 0x8080, 0, 0))


def colors(content: bytes) -> tuple[tuple[int, int, int], ...]:
    return parse_palette(content, "some.file").colors


def refusal(content: bytes) -> str:
    with pytest.raises(PaletteError) as caught:
        parse_palette(content, "some.file")
    return str(caught.value)


def test_jasc_counts_its_colors() -> None:
    assert refusal(b"JASC-PAL\n0100\n3\n0 0 0\n9 9 9\n") == (
        "some.file, line 3: 3 colors must follow, got 2. The file is cut off or damaged: get it "
        "again."
    )
    assert "line 2: the version must be 0100, got '0200'." in refusal(b"JASC-PAL\n0200\n0\n")
    assert "line 3: the number of colors must be a whole number, got 'two'." in refusal(
        b"JASC-PAL\n0100\ntwo\n0 0 0\n9 9 9\n"
    )
    assert "line 4: '0 0 256' is not a color: 256 is above 255." in refusal(
        b"JASC-PAL\n0100\n2\n0 0 256\n9 9 9\n"
    )
    assert colors(b"JASC-PAL\n0100\n2\n0 0 0 255\n9 9 9 255\n") == ((0, 0, 0), (9, 9, 9))


def test_riff_finds_its_chunk() -> None:
    plain = SAMPLES["riff"][0]
    other = b"junk\x03\0\0\0abc\0"
    assert colors(plain[:12] + other + plain[12:]) == EMBER.colors
    assert "byte 20: The head of the palette must be 4 bytes, got 0" in refusal(
        plain[:16] + bytes(4)
    )
    assert "byte 20: the version must be 0x0300, got 0x0400." in refusal(
        plain[:20] + b"\0\4" + plain[22:]
    )
    assert "byte 24: 3 colors must be 12 bytes, got 8 before the end." in refusal(
        plain[:16] + b"\x0c" + plain[17:-4]
    )
    assert "must hold a chunk `data`, got none." in refusal(plain[:12] + other)


def test_act_has_no_magic() -> None:
    table = bytes([1, 2, 3, 4, 5, 6]) + bytes(762)
    assert colors(table) == ((1, 2, 3), (4, 5, 6), (0, 0, 0))
    assert colors(table + struct.pack(">HH", 2, 0xFFFF)) == ((1, 2, 3), (4, 5, 6))
    assert colors(table + struct.pack(">HH", 3, 1)) == ((1, 2, 3), (0, 0, 0))
    assert "byte 768: the number of colors must be at most 256, got 257." in refusal(
        table + struct.pack(">HH", 257, 0xFFFF)
    )
    assert "is not a color" in refusal(table[:-1])


def test_lists_as_long_as_a_color_table_are_lists() -> None:
    listed = "".join(f"#{value:06x}\n" for value in range(96)).encode()
    assert len(listed) == 768
    assert len(colors(listed)) == 96


def test_aco_as_long_as_a_color_table_is_told_by_its_structure() -> None:
    entries = b"".join(
        struct.pack(">5HI", *color, 184) + "x".encode("utf-16-be") * 184 for color in TWO
    )
    swatches = struct.pack(">HH", 2, 2) + entries
    assert len(swatches) == 768
    assert colors(swatches) == ((0, 0, 0), (255, 128, 0))
    table = bytes([0, 1, 0, 200, 3, 3]) + bytes(range(254)) * 3
    known = sniff_format(table)
    assert len(table) == 768
    assert known is not None
    assert known.name == "adobe-act"


def test_aco_prefers_names() -> None:
    first, second = aco(1, *TWO), aco(2, *TWO)
    assert parse_palette(first, "x").names is None
    for content in (first + second, second):
        palette = parse_palette(content, "x")
        assert palette.colors == ((0, 0, 0), (255, 128, 0))
        assert palette.names == ("one", "one")


@pytest.mark.parametrize(
    ("entry", "color"),
    [
        ((1, 0, 65535, 65535, 0), (255, 0, 0)),
        ((1, 43690, 65535, 65535, 0), (0, 0, 255)),
        ((2, 0, 65535, 65535, 65535), (0, 255, 255)),
        ((2, 65535, 65535, 65535, 0), (0, 0, 0)),
        ((7, 10000, 0, 0, 0), (255, 255, 255)),
        ((7, 5000, 0x10000 - 3000, 2000, 0), None),
        ((8, 10000, 0, 0, 0), (255, 255, 255)),
        ((8, 5000, 0, 0, 0), (128, 128, 128)),
    ],
)
def test_aco_in_other_spaces(entry: tuple[int, ...], color: tuple[int, int, int] | None) -> None:
    # Adobe's specification: "Pure cyan = 0,65535,65535,65535", "pure white = 10000,0,0".
    assert colors(aco(1, (0, 257, 514, 771, 0), entry))[1] == (color or lab_to_color(50, -30, 20))


def test_aco_with_inks_that_no_formula_gives() -> None:
    assert refusal(aco(1, TWO[0], (3, 1, 2, 3, 4))) == (
        "some.file, byte 14: a color must be RGB, HSB, CMYK, Lab or gray, got Pantone inks. "
        "Convert the swatches to RGB."
    )
    assert "got color space 99." in refusal(aco(1, TWO[0], (99, 0, 0, 0, 0)))
    assert "byte 14: A color must be 10 bytes, got 9 before the end." in refusal(aco(1, *TWO)[:-1])
    assert "byte 24: the version must be 1 or 2, got 7." in refusal(aco(1, *TWO) + b"\0\7\0\0")


@pytest.mark.parametrize("lab", [(50, -30, 20), (80, 10, 60), (20, 5, -15), (3, 1, 1)])
def test_lab_is_that_of_another_library(lab: tuple[float, float, float]) -> None:
    # CSS's `lab` has the white D50, as print has.
    expected = coloraide.Color("lab", lab).convert("srgb").clip().coords()
    assert lab_to_color(*lab) == tuple(round(255 * component) for component in expected)


def test_ase_in_other_spaces() -> None:
    content = ase(
        (b"CMYK", (1.0, 0.0, 0.0, 0.0)),
        (b"LAB ", (0.5, -30.0, 20.0)),
        (b"Gray", (1.0,)),
        (b"RGB ", (2.0, 0.5, -1.0)),
    )
    assert colors(content) == ((0, 255, 255), lab_to_color(50, -30, 20), (255,) * 3, (255, 128, 0))
    assert refusal(ase((b"HSB ", (0.0, 0.0, 0.0)))) == (
        "some.file, byte 24: a color must be RGB, CMYK, LAB or Gray, got 'HSB'. Convert the "
        "swatches to RGB."
    )
    assert "byte 24: a color must be finite numbers" in refusal(ase((b"Gray", (float("nan"),))))
    assert "byte 18: A block must be " in refusal(ase((b"Gray", (1.0,)))[:-1])


def test_ase_has_groups() -> None:
    palette = parse_palette(SAMPLES["adobe-ase"][0], "x.ase")
    assert (palette.name, palette.names) == ("ember", ("ash", "glow of fire", "#123456"))


def test_aseprite_prefers_the_new_chunk() -> None:
    palette = parse_palette(aseprite(OLD_CHUNK, PALETTE_CHUNK), "x.ase")
    # The third entry is fully transparent.
    assert palette.colors == ((0, 0, 0), (255, 128, 0))
    assert palette.names == ("ash", "")
    assert colors(aseprite(OLD_CHUNK)) == ((0, 0, 0), (255, 128, 0))
    assert colors(aseprite(OLDER_CHUNK)) == ((0, 0, 0), (255, 129, 0))


def test_aseprite_without_a_palette() -> None:
    other = aseprite_chunk(0x2004, b"layer")
    assert "byte 128: the first frame must hold a palette, got none." in refusal(aseprite(other))
    sprite = aseprite(PALETTE_CHUNK)
    assert "byte 132: a frame must begin with 0xf1fa, got 0x0000." in refusal(
        sprite[:132] + bytes(2) + sprite[134:]
    )
    assert "byte 128: A frame must be " in refusal(sprite[:-1])
    assert "byte 128: The head of a frame must be 16 bytes, got 12" in refusal(sprite[:140])


def test_paint_net_leaves_transparent_colors_out() -> None:
    palette = parse_palette(b"; Palette Name: ember\r\nff000000 ; ash\r\n00112233\r\nFFff8000", "x")
    assert (palette.name, palette.hex) == ("ember", ["#000000", "#ff8000"])
    assert "line 2: a color must be eight hexadecimal digits, got 'ff8000'." in refusal(
        b"FF000000\nff8000\n"
    )


def test_json_says_what_is_wrong() -> None:
    assert refusal(b'{"colors": ["000000", "red"]}').startswith(
        "some.file, `colors[1]`: 'red' is not a color: 'r' is not a hexadecimal digit."
    )
    assert "`colors` must be a list of texts." in refusal(b'{"colors": [1, 2]}')
    assert "line 2: Expecting value at column 12." in refusal(b'{\n"colors": [}')
    assert "too deep or too long" in refusal(b'{"a": ' + b"[" * 100_000)
    assert "too deep or too long" in refusal(b'{"a": ' + b"9" * 100_000 + b"}")


def test_css_takes_colors_and_leaves_the_rest() -> None:
    content = b"""/* --no: #123; */ :root {
      --ash: #111; --gap: 4px; color: #fff;
      --a: #11223344; --b: #abcd; --glow: rgb(255 128 0 / 50%);
      --old: RGBA(1, 2, 3, .5); --accent: Rebeccapurple; --font: serif }"""
    palette = parse_palette(content, "x.css")
    assert palette.hex == ["#111111", "#112233", "#aabbcc", "#ff8000", "#010203", "#663399"]
    assert palette.names == ("ash", "a", "b", "glow", "old", "accent")
    assert "line 2: A color must be #rrggbb, a name, or rgb() of" in refusal(
        b"a {\n--a: oklch(50% 0.1 20); --b: #fff; }"
    )
    assert "line 1: A color must be" in refusal(b"a { --a: rgb(256, 0, 0); --b: #fff; }")
    assert "line 1: '#12' is not a color" in refusal(b"a { --a: #12; --b: #fff; }")


def test_css_written_has_each_name_once() -> None:
    twins = Palette(((0, 0, 0), (1, 1, 1), (2, 2, 2)), names=("a b", "a!b", "a-b"))
    assert parse_palette(SAMPLES["css"][0], "x").names == ("ash", "glow-of-fire", "ember-3")
    write = format_to_write("css", "-").write
    assert write is not None
    assert parse_palette(write(twins), "x").names == ("a-b", "a-b-2", "a-b-3")


def test_swatches_of_all_numbers_of_colors_fit_a_sheet() -> None:
    write = format_to_write("png", "-").write
    assert write is not None
    for num_colors in (2, 16, 17, 255, 256):
        palette = Palette(tuple((level, 9, 9) for level in range(num_colors)))
        assert colors(write(palette)) == palette.colors


def test_a_format_is_chosen_by_name_or_suffix() -> None:
    assert format_to_write(None, "x.ASE").name == "adobe-ase"
    assert format_to_write(None, "a.b/x.pal").name == "jasc"
    with pytest.raises(PaletteRequestError, match=r"`--format` .* got 'aseprite'\. There are"):
        format_to_write("aseprite", "x.ase")
    with pytest.raises(PaletteRequestError, match=r"must end in one of \.aco .* got 'x\.jpg'\."):
        format_to_write(None, "x.jpg")
    with pytest.raises(PaletteRequestError, match=r"must end in one of"):
        format_to_write(None, "x.aseprite")
