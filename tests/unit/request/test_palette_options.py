"""The words that say which colors there are."""

from pathlib import Path

import pytest

from ditherlab.errors import RequestError
from ditherlab.palette import Palette, named_palette
from ditherlab.request.palette_options import PaletteOptions


def test_sixteen_colors_are_found_unless_more_is_said() -> None:
    assert PaletteOptions().read_palette() == 16
    assert PaletteOptions(colors=5).read_palette() == 5
    assert PaletteOptions(palette="ega").read_palette() == named_palette("ega")


def test_a_machine_brings_its_palette() -> None:
    options = PaletteOptions(cells="zx-spectrum")
    rule = options.read_cells()
    assert rule is not None
    assert options.read_palette() == rule.palette


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"palette": "ega", "colors": 4}, "`--palette` fixes all colors, and `--colors`"),
        (
            {"colors": 4, "measured": "#000,#fff"},
            "`--measured` says what a fixed palette looks like",
        ),
        (
            {"palette": "#000,#fff", "measured": "#000"},
            "`--measured` must be as many colors as `--palette`, 2, got 1",
        ),
        ({"cells": "zx-spectrum", "lock": "#000"}, "`--cells` fixes .* and `--lock` asks"),
        (
            {"palette": "ega", "lock": "#000"},
            "`--palette` fixes all colors, and `--lock`",
        ),
        (
            {"palette": "ega", "gamut": "rgb332"},
            "`--palette` fixes all colors, and `--gamut`",
        ),
    ],
)
def test_words_that_exclude_each_other_are_refused(words: dict[str, str], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        PaletteOptions(**words).read_palette()  # type: ignore[arg-type]


def test_spelled_out_it_needs_no_files(tmp_path: Path) -> None:
    (tmp_path / "two.hex").write_text("000000\nff8000\n")
    fixed = PaletteOptions(palette="two.hex", measured="#111,#fa0").spelled_out(tmp_path)
    assert fixed == PaletteOptions(palette="#000000,#ff8000", measured="#111111,#ffaa00")
    learned = PaletteOptions(lock="two.hex", gamut="two.hex", colors=4).spelled_out(tmp_path)
    assert learned == PaletteOptions(colors=4, lock="#000000,#ff8000", gamut="#000000,#ff8000")
    assert learned.spelled_out(tmp_path / "elsewhere") == learned


def test_panels_keep_their_names_for_colors_do_not_say_all() -> None:
    words = PaletteOptions(colors=5, lock="e-ink-4-measured", gamut="e-ink-4-measured")
    assert words.spelled_out(Path()) == words
    assert words.read_panel() == named_palette("e-ink-4-measured")
    assert PaletteOptions(lock="#000,#fff").read_panel() is None
    assert PaletteOptions(lock="ega").read_panel() is None


def test_the_words_of_a_machine_are_complete_as_they_are() -> None:
    assert PaletteOptions(cells="c64-hires").spelled_out(Path()) == PaletteOptions(
        cells="c64-hires"
    )


def test_what_panels_show_is_spelled_out_too() -> None:
    known = named_palette("e-ink-6-measured")
    spelled = PaletteOptions(palette=known.name).spelled_out(Path()).read_palette()
    assert isinstance(spelled, Palette)
    assert (spelled.colors, spelled.shown) == (known.colors, known.shown)
