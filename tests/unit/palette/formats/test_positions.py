"""Files with alpha, without a header, of 6 bits: kinds of palette files that tools write."""

import struct
from pathlib import Path

import numpy as np
import pytest

from ditherlab.errors import PaletteError
from ditherlab.palette import (
    WRITABLE_FORMATS,
    Palette,
    parse_palette,
    resolve_palette,
    split_palettes,
)


def read(content: bytes | str, file: str = "some.file") -> Palette:
    return parse_palette(content if isinstance(content, bytes) else content.encode(), file)


RANDOM = np.random.default_rng(8)
SEVERAL = [
    [tuple(color) for color in RANDOM.integers(64, 256, (size, 3)).tolist()]
    for size in (2, 3, 5, 9, 16)
]


@pytest.mark.parametrize("colors", SEVERAL, ids=len)
@pytest.mark.parametrize("clear", [0, 1])
def test_gpl_of_aseprite_with_alpha(colors: list[tuple[int, int, int]], clear: int) -> None:
    alphas = [0 if place == clear and len(colors) > 2 else 255 for place in range(len(colors))]
    rows = [
        f"{red:3d} {green:3d} {blue:3d} {alphas[place]}\tN {place}"
        for place, (red, green, blue) in enumerate(colors)
    ]
    palette = read("\n".join(["GIMP Palette", "Channels: RGBA", "#", *rows]))
    kept = [place for place in range(len(colors)) if place != clear or len(colors) <= 2]
    assert list(palette.places) == kept
    assert palette.names == tuple(f"N {place}" for place in kept)
    if len(colors) > 2:
        assert palette.transparent == clear
        assert palette.notes == ("1 transparent entry is not drawn, and kept in place.",)


def test_gpl_of_the_table() -> None:
    rows = ["  0   0   0   0\tTransparent", "255 128   0 255\tOrange", " 20  40  60 255"]
    palette = read(
        "\n".join(["GIMP Palette", "Channels: RGBA", "#", *rows, "200 210 220 128 Half"])
    )
    assert palette.names == ("Orange", "", "Half")
    assert palette.places == (1, 2, 3)


def test_a_fourth_number_without_the_header_is_a_name() -> None:
    assert read("GIMP Palette\n0 0 0 255\n9 9 9 10 downing").names == ("255", "10 downing")


@pytest.mark.parametrize("colors", SEVERAL, ids=len)
@pytest.mark.parametrize("alpha", ["ff", "80"])
def test_the_order_that_makes_sense_of_all_lines(
    colors: list[tuple[int, int, int]], alpha: str
) -> None:
    spelled = ["{:02x}{:02x}{:02x}".format(*color) for color in colors]
    last = read("\n".join(f"{text}{alpha}" for text in spelled))
    first = read("\n".join(f"{alpha}{text}" for text in spelled))
    if alpha == "ff":
        assert list(last.colors) == list(first.colors) == colors
        assert last.notes == first.notes == ()
    hashed = read("\n".join(f"#{text}{alpha}" for text in spelled))
    assert (list(hashed.colors), hashed.notes) == (colors, ())


@pytest.mark.parametrize(
    "lines", ["ff0000ff\nffff00ff", "01020304\n05060708", "ffffffff\nff00ffff"]
)
def test_an_order_that_is_not_certain_is_said(lines: str) -> None:
    palette = read(lines)
    assert "It is not clear where alpha stands; read as aarrggbb." in palette.notes[0]
    assert palette.hex == [f"#{line[2:]}" for line in lines.split()]


@pytest.mark.parametrize("colors", SEVERAL, ids=len)
def test_alpha_may_come_first_behind_a_hash_too(colors: list[tuple[int, int, int]]) -> None:
    palette = read("\n".join("#ff{:02x}{:02x}{:02x}".format(*color) for color in colors))
    assert (list(palette.colors), palette.notes) == (colors, ())


def test_an_order_that_leaves_too_few_colors_is_said_in_the_error() -> None:
    with pytest.raises(PaletteError, match=r"got 1\. Add a color\. It is not clear where alpha"):
        read("ff0000ff\n00ff0080\n0000ff00")


def test_paint_net_has_an_order_of_its_own() -> None:
    palette = read(";paint.net Palette File\nFF0000FF\nFF00FFFF\n")
    assert (palette.hex, palette.notes) == (["#0000ff", "#00ffff"], ())


@pytest.mark.parametrize("colors", SEVERAL, ids=len)
@pytest.mark.parametrize("separator", [",", ", ", "; ", "\t", "  "])
def test_three_numbers_a_line(colors: list[tuple[int, int, int]], separator: str) -> None:
    text = "\r\n".join(separator.join(map(str, color)) for color in colors)
    for head in ("", "# made by hand\r\n", "\r\n; a comment\r\n"):
        assert list(read(head + text).colors) == colors


@pytest.mark.parametrize("text", ["0,0,0\n300,0,0", "1,2,3\n4,5", "9 9 9\nred", "1,2,3\n-1,2,3"])
def test_a_wrong_line_of_numbers_is_named(text: str) -> None:
    with pytest.raises(PaletteError, match=r"^some\.file, line 2: "):
        read(text)


@pytest.mark.parametrize("seed", range(5))
def test_6_bits_of_vga(seed: int) -> None:
    table = np.random.default_rng(seed).integers(0, 64, (256, 3), dtype=np.uint8)
    palette = read(table.tobytes(), "some.pal")
    assert palette.entries == tuple(map(tuple, (table << 2 | table >> 4).tolist()))
    assert "6-bit palette of VGA" in palette.notes[0]
    wide = np.random.default_rng(seed).integers(0, 256, (256, 3), dtype=np.uint8)
    assert read(wide.tobytes(), "some.act").entries == tuple(map(tuple, wide.tolist()))


@pytest.mark.parametrize(
    "text",
    [
        "JASC-PAL\r\n0100\r\n2\r\n0 0 0\r\n9 9 9\r\n",
        "GIMP Palette\r\n0 0 0\r\n9 9 9\r\n",
        "000000\r\n090909\r\n",
        "FF000000\r\nFF090909\r\n",
        "0,0,0\r\n9,9,9\r\n",
        ":root { --a: #000; --b: #090909 }\r\n",
        '{"colors": ["000000", "090909"]}\r\n',
    ],
)
def test_the_end_mark_of_dos_is_no_color(text: str) -> None:
    for end in ("\x1a", "\x1a\r\n", "\x1a\0\0", "\x1a\x1a", "\x1aold text"):
        assert read(text + end).hex == ["#000000", "#090909"]


@pytest.mark.parametrize("name", ["gimp", "paint-net", "css", "lospec-json", "adobe-ase"])
def test_an_end_mark_in_a_name_ends_no_file(name: str) -> None:
    write = WRITABLE_FORMATS[name].write
    assert write is not None
    odd = Palette(((0, 0, 0), (9, 9, 9)), name="a\x1ab", names=("c\x1a", "\x1ad"))
    assert read(write(odd)).colors == odd.colors


def test_a_transparent_entry_of_act_keeps_its_place() -> None:
    table = bytes([9, 9, 9, 1, 1, 1, 200, 0, 0]).ljust(768, b"\0")
    palette = read(table + struct.pack(">HH", 3, 0), "some.act")
    assert (palette.places, palette.transparent) == ((1, 2), 0)


@pytest.mark.parametrize("name", ["#000,#fff", "a,b.gpl", "#1.hex", "pico-8,ega", "(1).gpl", "#"])
def test_a_comma_or_a_hash_in_the_name_of_a_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_text("112233\n445566\n")
    assert resolve_palette(f"./{name}").hex == ["#112233", "#445566"]
    assert split_palettes(f"./{name}") == [f"./{name}"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("pico-8", ["pico-8"]),
        ("pico-8,ega", ["pico-8", "ega"]),
        ("pico-8, ega ,cga-0", ["pico-8", "ega", "cga-0"]),
        ("#000,#fff,#f00", ["#000,#fff,#f00"]),
        ("000,(fff),f00", ["000,(fff),f00"]),
        ("mine.hex,pico-8", ["mine.hex", "pico-8"]),
    ],
)
def test_palettes_are_split_at_commas_and_lists_of_colors_are_not(
    text: str, parts: list[str]
) -> None:
    assert split_palettes(text) == parts
