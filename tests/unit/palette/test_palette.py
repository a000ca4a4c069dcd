import subprocess
import sys
from dataclasses import FrozenInstanceError, replace

import pytest
import torch

from ditherlab.errors import PaletteRequestError
from ditherlab.palette import Palette, hex_to_color, merged

EMBER = Palette(((0, 0, 0), (255, 128, 0)), name="ember")


def test_colors_keep_their_order_and_print_as_hex():
    assert len(EMBER) == 2
    assert EMBER.colors == ((0, 0, 0), (255, 128, 0))
    assert EMBER.hex == ["#000000", "#ff8000"]


def test_lists_and_numpy_integers_become_tuples_of_ints():
    np = pytest.importorskip("numpy")
    palette = Palette(np.array([[0, 0, 0], [255, 128, 0]], dtype=np.uint8))
    assert palette == replace(EMBER, name="")
    assert {type(component) for color in palette.colors for component in color} == {int}
    assert isinstance(hash(palette), int)


def test_frozen():
    with pytest.raises(FrozenInstanceError):
        EMBER.name = "ash"  # type: ignore[misc]


def test_duplicates_merge_into_the_first():
    palette = Palette(((9, 9, 9), (0, 0, 0), (9, 9, 9), (9, 9, 9), (1, 2, 3)))
    assert palette.colors == ((9, 9, 9), (0, 0, 0), (1, 2, 3))
    assert palette.num_merged == 2
    assert replace(palette, name="soot").num_merged == 2


def test_repeated_colors_keep_their_places():
    once = Palette(((0, 0, 0), (9, 9, 9)))
    assert (once.num_merged, once.table) == (0, None)
    twice = Palette((*once.colors, (0, 0, 0)))
    assert (twice.colors, twice.num_merged) == (once.colors, 1)
    assert twice.entries == ((0, 0, 0), (9, 9, 9), (0, 0, 0))
    assert twice != once
    assert merged([]) == ((), 0)


@pytest.mark.parametrize("count", [0, 1, 257])
def test_wrong_number_of_colors(count):
    colors = tuple((index % 256, index // 256, 0) for index in range(count))
    with pytest.raises(
        PaletteRequestError,
        match=rf"^A palette must be 2 to 256 different colors, got {count}\. \w.*\.$",
    ):
        Palette(colors)


def test_extreme_numbers_of_colors():
    assert len(Palette(tuple((value, 0, 0) for value in range(256)))) == 256
    assert len(Palette(((0, 0, 0), (0, 0, 1)))) == 2


def test_one_color_many_times_is_one_color():
    with pytest.raises(PaletteRequestError, match=r"got 1\. Add a color\."):
        Palette(((1, 1, 1), (1, 1, 1)))


@pytest.mark.parametrize(
    "color", [(0, 0, 256), (-1, 0, 0), (0.5, 0, 0), (0, 0), (0, 0, 0, 0), ("0", "0", "0"), 7, None]
)
def test_wrong_color(color):
    with pytest.raises(
        PaletteRequestError,
        match=r"^`colors\[1\]` must be three whole numbers from 0 to 255, got .*\. Give 8-bit",
    ):
        Palette(((0, 0, 0), color))


def test_from_hex():
    palette = Palette.from_hex(["#F80", "ff8800", " #000000 "], name="n", source="s")
    assert palette.hex == ["#ff8800", "#000000"]
    assert (palette.name, palette.source, palette.num_merged) == ("n", "s", 1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it has no digits"),
        ("#", "it has no digits"),
        ("#12zz00", "'z' is not a hexadecimal digit"),
        ("1_2_3f", "'_' is not a hexadecimal digit"),
        ("+12345", r"'\+' is not a hexadecimal digit"),
        ("\uff11\uff11\uff11", "'\uff11' is not a hexadecimal digit"),
        ("##fff", "'#' is not a hexadecimal digit"),
        ("#ffff", "it has 4 hexadecimal digits"),
        ("ff112233", "it has 8 hexadecimal digits"),
        ("12\n34", r"'\\n' is not a hexadecimal digit"),
    ],
)
def test_no_color(text, reason):
    with pytest.raises(
        PaletteRequestError, match=rf"' is not a color: {reason}\. Write #rrggbb\.$"
    ):
        hex_to_color(text)


def test_message_stays_short():
    with pytest.raises(PaletteRequestError) as caught:
        hex_to_color("f" * 10_000)
    assert len(str(caught.value)) < 120


def test_is_gray():
    assert Palette.from_hex(["000", "777", "fff"]).is_gray
    assert not EMBER.is_gray


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_srgb_rounds_correctly(dtype):
    levels = Palette(tuple((value, 255 - value, 0) for value in range(256)))
    srgb = levels.srgb(dtype=dtype)
    assert srgb.shape == (256, 3)
    assert srgb.dtype == dtype
    assert srgb[:, 0].tolist() == torch.tensor([v / 255 for v in range(256)], dtype=dtype).tolist()
    assert torch.equal(srgb[:, 1], srgb[:, 0].flip(0))


def test_srgb_defaults():
    assert EMBER.srgb().dtype == torch.get_default_dtype()
    assert EMBER.srgb().device.type == "cpu"
    assert EMBER.srgb(device="meta").device.type == "meta"


def test_import_is_light():
    heavy = "{'torch', 'numpy', 'PIL'}"
    lines = (
        "import sys",
        "from ditherlab.palette import named_palettes, resolve_palette",
        "named_palettes(); resolve_palette('#000,#fff')",
        f"print(sorted({heavy} & set(sys.modules)))",
    )
    command = [sys.executable, "-c", "\n".join(lines)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_shown_colors_are_those_seen():
    inks = ((20, 10, 30), (180, 90, 10))
    panel = replace(EMBER, shown=inks)
    assert (panel.colors, panel.hex, panel.seen) == (EMBER.colors, EMBER.hex, inks)
    assert (panel.srgb() * 255).round().int().tolist() == [list(ink) for ink in inks]
    assert panel != EMBER
    assert EMBER.seen == EMBER.colors
    assert replace(EMBER, shown=EMBER.colors) == EMBER


def test_gray_is_what_looks_gray():
    assert not Palette(((0, 0, 0), (255, 255, 255)), shown=((9, 0, 0), (200, 200, 200))).is_gray
    assert Palette(((0, 0, 0), (255, 0, 0)), shown=((9, 9, 9), (9, 9, 9))).is_gray


def test_shown_colors_of_repeated_entries_are_dropped_with_them():
    entries, shown = ((0, 0, 0), (0, 0, 0), (9, 9, 9)), ((1, 1, 1), (2, 2, 2), (3, 3, 3))
    palette = Palette(entries, shown=shown)
    assert (palette.colors, palette.seen) == (entries[1:], (shown[0], shown[2]))
    assert replace(palette, name="soot").seen == palette.seen


def test_wrong_shown_colors():
    with pytest.raises(
        PaletteRequestError, match=r"as many as the colors of the palette, 2, got 1\. G"
    ):
        replace(EMBER, shown=((0, 0, 0),))
    with pytest.raises(PaletteRequestError, match=r"^`shown\[1\]` must be three whole numbers"):
        replace(EMBER, shown=((0, 0, 0), (0, 0, 256)))


def test_names_and_codes_follow_their_colors():
    palette = Palette(((1, 1, 1), (2, 2, 2), (1, 1, 1)), names=("a", "", "b"), codes=(5, 3, 4))
    assert (palette.names, palette.codes) == (("a", ""), (5, 3))
    assert palette.labels == ("a", "#020202")
    assert replace(palette, name="again").names == ("a", "")


def test_names_that_say_nothing_are_none_and_codes_stay_codes():
    palette = Palette(((1, 1, 1), (2, 2, 2)), names=("", ""), codes=(0, 1))
    assert (palette.names, palette.codes) == (None, (0, 1))
    assert palette.is_panel
    assert palette.labels == ("#010101", "#020202")


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"names": ("a",)}, r"^The names must be as many as the colors of the palette, 2, got 1\."),
        (
            {"codes": (1, 2, 3)},
            r"^The codes must be as many as the colors of .* 2, got 3\.",
        ),
        ({"codes": (1, 1)}, r"^The codes must be different whole numbers .* got \(1, 1\)\."),
        ({"codes": (0, 256)}, r"^The codes must be different whole numbers from 0 to 255"),
    ],
)
def test_names_and_codes_that_do_not_fit(entries, message):
    with pytest.raises(PaletteRequestError, match=message):
        Palette(((1, 1, 1), (2, 2, 2)), **entries)
