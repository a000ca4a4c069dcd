"""A sweep's file: the product of its lists, and what it is refused for."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ditherlab.errors import RequestError
from ditherlab.experiments import Cell, carry_out, read_sweep

Cells = Callable[..., tuple[Cell, ...]]

ROOT = Path(__file__).parents[3]


def told(cells: tuple[Cell, ...], *names: str) -> list[tuple[object, ...]]:
    return [tuple(cell.settings.get(name) for name in names) for cell in cells]


def test_the_cells_are_the_product_in_the_order_of_the_file(cells: Cells) -> None:
    found = cells(estimators='["moments", "linstat"]', seeds="[0, 1]")
    expected = [("moments", 0), ("moments", 1), ("linstat", 0), ("linstat", 1)]
    assert told(found, "estimator", "seed") == expected


def test_palettes_and_numbers_of_colors_are_one_axis(cells: Cells) -> None:
    found = cells(palettes='["ega", "pico-8"]', colors="[2, 3]")
    expected = [("ega", None), ("pico-8", None), (None, 2), (None, 3)]
    assert told(found, "palette", "colors") == expected


def test_default_stands_for_an_option_that_is_not_given(cells: Cells) -> None:
    found = cells(estimators='["default", "linstat"]', start='"default"')
    assert told(found, "estimator", "start") == [(None, None), ("linstat", None)]
    assert found[0].request.estimator is None


def test_also_adds_the_product_of_its_own_lists(cells: Cells) -> None:
    more = '[[also]]\ncolors = [2, 3]\nseeds = [7]\n[[also]]\nestimator = "linstat"'
    found = cells(seeds="[0]", more=more)
    assert told(found, "palette", "colors", "estimator", "seed") == [
        ("#000,#fff", None, "moments", 0),
        (None, 2, "moments", 7),
        (None, 3, "moments", 7),
        ("#000,#fff", None, "linstat", 0),
    ]


def test_a_cell_that_is_asked_for_twice_runs_once(cells: Cells) -> None:
    assert len(cells(seeds="[0, 1, 0]", more="[[also]]\nseed = 1")) == 2


def test_pictures_are_named_without_folders_and_told_apart(
    cells: Cells, folder: Path, pixels: np.ndarray
) -> None:
    (folder / "more").mkdir()
    for name in ("photo.png", "other.png"):
        pixels[0, 0] += 1
        Image.fromarray(pixels).save(folder / "more" / name)
    found = cells(pictures='["photo.png", "more/photo.png", "more/other.png"]')
    assert told(found, "picture") == [("photo.png",), ("photo.png (2)",), ("other.png",)]
    (alone,) = cells(pictures=f'["{folder}/more/other.png"]')
    assert alone.settings["picture"] == "other.png"


def test_palettes_are_spelled_out_so_that_any_machine_has_them(cells: Cells, folder: Path) -> None:
    (folder / "mine.hex").write_text("000000\nff8000\n")
    (cell,) = cells(palettes='["mine.hex"]', measured='"#111, #f80"')
    assert (cell.request.palette, cell.request.measured) == ("#000000,#ff8000", "#111111,#ff8800")
    assert cell.settings["palette"] == "mine.hex"
    (panel,) = cells(palettes='["e-ink-4-measured"]')
    assert panel.request.measured is not None
    assert panel.request.job(panel.picture).problem.palette.shown is not None
    (locked,) = cells(palettes=None, colors="4", lock='"mine.hex"')
    assert locked.request.lock == "#000000,#ff8000"


def test_a_part_is_cut_out(cells: Cells) -> None:
    (cell,) = cells(crop='"5x4+1+2"')
    assert (cell.picture.width, cell.picture.height) == (5, 4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"estimatros": '["st"]'},
            r"sweep.toml: Unknown key `estimatros`. Did you mean `estima",
        ),
        ({"max_second": "2"}, r"Unknown key `max-second`. Did you mean `max-seconds`\?"),
        ({"pictures": None}, r"sweep.toml: `pictures` must be given. Write pictures = "),
        ({"pictures": '["none.png"]'}, r"sweep.toml: There is no file .*none.png"),
        ({"pictures": '"photo.png"'}, r"`pictures` must be a list, got 'photo.png'. Write \["),
        ({"pictures": '["default"]'}, r"There is no file .*default"),
        ({"picture": '"photo.png"'}, r"`picture` must be given once, got the option and its pl"),
        ({"seeds": "[]"}, r"`seeds` must be a list of at least one value, got \[\]"),
        ({"seeds": "[1.5]"}, r"`seeds` must be a whole number, got 1.5"),
        ({"seeds": "[true]"}, r"`seeds` must be a whole number, got True"),
        ({"seeds": "[-1]"}, r"sweep.toml: The seed must be from 0 to 2\^63 - 1, got -1"),
        ({"strength": '"1"'}, r"`strength` must be a number, got '1'"),
        ({"max_seconds": "true"}, r"`max-seconds` must be a number, got True"),
        ({"steps": "0"}, r"sweep.toml: The number of steps must be at least 1, got 0"),
        ({"objectives": "[3]"}, r'`objectives` must be text in quotes, "...", got 3'),
        ({"objectives": '["sim"]'}, r"sweep.toml: Unknown objective `sim`. Did you mean `ssim`"),
        ({"estimators": '["momets"]'}, r"Unknown estimator `momets`. Did you mean `moments`\?"),
        ({"presets": '["fsat"]'}, r"`presets` must be fast, balanced or best, got 'fsat'. Did yo"),
        ({"polish": '"flip"'}, r"`polish` must be none, flips or swaps, got 'flip'. Did you mean"),
        ({"palettes": '["pico8"]'}, r"sweep.toml: .*got 'pico8'. Did you mean `pico-8`\?"),
        ({"palettes": '["no.hex"]'}, r"sweep.toml: .*no.hex"),
        ({"crop": '"9"'}, r"sweep.toml: `--crop` must be WxH\+X\+Y in pixels, got '9'"),
        ({"crisp": "0.1"}, r"sweep.toml: `--crisp` means nothing to `viewed-error`"),
        ({"lock": '"#fff"'}, r"sweep.toml: `--palette` fixes all colors, and `--lock`"),
        ({"also": "3"}, r"`also` must be tables, each below a line \[\[also\]\]"),
        ({"more": "x = = 1"}, r"sweep.toml is not valid TOML: Invalid value"),
        ({"more": "[[also]]\nx = 1"}, r"sweep.toml: Unknown key `x`. There are: "),
    ],
)
def test_what_cannot_be_meant_is_refused(
    changes: dict[str, str], message: str, cells: Cells
) -> None:
    with pytest.raises(RequestError, match=message):
        cells(**changes)


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"no.toml cannot be read: no such file or directory."):
        read_sweep(tmp_path / "no.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(RequestError, match=r"bytes.toml is not valid TOML: "):
        read_sweep(tmp_path / "bytes.toml")


def test_pairs_that_do_not_fit_are_left_to_their_cells(cells: Cells) -> None:
    assert len(cells(objectives='["viewed-error", "png-bytes"]', polish=None)) == 2


def test_the_example_takes_about_a_minute() -> None:
    found = read_sweep(ROOT / "docs" / "examples" / "estimators.toml")
    assert len(found) == 30
    assert sum(cell.request.max_seconds or 60 for cell in found) <= 60


def test_the_manuals_example_is_a_sweep(folder: Path, pixels: np.ndarray) -> None:
    manual = (ROOT / "docs" / "sweeps.md").read_text(encoding="utf-8")
    (folder / "sweep.toml").write_text(manual.split("```toml\n")[1].split("```")[0])
    (folder / "mine.hex").write_text("000000\nff8000\n")
    (folder / "art").mkdir()
    for name in ("photo.jpg", "art/sprite.png"):
        Image.fromarray(pixels).save(folder / name)
        pixels = pixels[::-1].copy()
    # Two pictures, five ways to get colors, two objectives, estimators and presets, three seeds.
    assert len(read_sweep(folder / "sweep.toml")) == 2 * 5 * 8 * 3 + 2 * 1 * 4 * 3


def test_machines_can_be_swept(cells: Cells) -> None:
    found = cells(cells='["zx-spectrum"]', colors="[3]", steps=None, estimators=None)
    assert {("zx-spectrum", None), (None, 3)} <= set(told(found, "cells", "colors"))


def test_a_palette_within_a_gamut_is_judged_like_any(cells: Cells) -> None:
    (cell,) = cells(palettes=None, palette=None, colors="[4]", gamut='"rgb332"')
    assert carry_out(cell).error is None
