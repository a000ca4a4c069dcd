"""The reported cost is against the unchanged source: sweeps and rankings agree."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ditherlab.experiments import (
    Cell,
    PaletteTrial,
    carry_out,
    judge_picture,
    read_sweep,
    try_palette,
)
from ditherlab.objectives import Perceptual
from ditherlab.palette import resolve_palette

Cells = Callable[..., tuple[Cell, ...]]

# Some are gray, some cannot show most of the picture's colors, one shows other colors.
PALETTES = [
    "black-and-white", "gray-4", "game-boy", "pico-8", "e-ink-6-measured", "#200,#400",
]  # fmt: skip


@pytest.mark.parametrize("fit", ["auto", "none", "clip"])
def test_a_sweep_and_a_ranking_give_the_same_costs(fit: str, folder: Path, cells: Cells) -> None:
    found = cells(
        palettes=str(PALETTES).replace("'", '"'), objectives=None, estimators=None, steps=None,
        polish=None, sweeps="2", fit=f'"{fit}"',
    )  # fmt: skip
    results = [carry_out(cell) for cell in found]
    swept = [result.cost for result in results if result is not None]
    picture = found[0].picture
    trials = [
        PaletteTrial(picture, resolve_palette(words), Perceptual(), fit, num_sweeps=2)
        for words in PALETTES
    ]
    ranked = [try_palette(trial).cost for trial in trials]
    assert swept == pytest.approx(ranked, rel=1e-6)
    assert len(set(ranked)) == len(PALETTES)


def test_a_fit_is_judged_by_what_it_does_to_the_source(cells: Cells, folder: Path) -> None:
    # A red that the palette lacks: against the fitted source, the picture would be free.
    Image.new("RGB", (16, 12), "red").save(folder / "photo.png")
    found = cells(palettes='["#000,#00f"]', fits='["clip", "none"]', estimators=None, steps=None)
    costs = [result.cost for cell in found if (result := carry_out(cell)) is not None]
    assert min(cost or 0.0 for cost in costs) > 0.01


def test_fixed_and_learned_colors_are_judged_by_one_objective(cells: Cells) -> None:
    (cell,) = cells(palettes=None, colors="[3]", objectives=None, estimators=None, polish=None)
    result, solution = carry_out(cell), cell.request.job(cell.picture).run()
    assert result is not None
    plain, suited = (
        judge_picture(cell.picture, solution, objective)["cost"]
        for objective in (Perceptual(), Perceptual().suited_to(learned_palette=True))
    )
    assert plain is not None
    assert result.cost == pytest.approx(plain, rel=1e-6)
    assert suited != pytest.approx(plain, rel=1e-3)


def test_an_objective_of_expectations_has_a_cost_too(cells: Cells) -> None:
    (cell,) = cells(objectives='["variance(c=0.5)"]')
    result = carry_out(cell)
    assert result is not None
    assert result.cost is not None


@pytest.mark.parametrize(
    "error",
    [
        "OSError(2, 'No such file', '/home/me/secret/data.bin')",
        "ValueError('cannot open /home/me/secret/data.bin')",
        "ValueError('in \\'/home/my secret/data.bin\\' nothing')",
        "KeyError('/secret/a/b')",
        "ValueError(__file__)",
    ],
)
def test_an_error_names_no_folder(error: str, cells: Cells, folder: Path) -> None:
    (folder / "secret").mkdir()
    (folder / "secret" / "costs.py").write_text(f"def cost(picture): raise {error}\n")
    words = {"estimators": None, "objectives": '["python:secret/costs.py:cost"]', "polish": None}
    (cell,) = cells(**words)
    result = carry_out(cell)
    assert result is not None
    assert result.error is not None
    assert "python:costs.py:cost" in result.error
    assert "secret" not in result.line()
    assert str(folder) not in result.line()


def test_files_of_one_name_are_told_apart_without_folders(
    folder: Path, pixels: np.ndarray, write: Callable[..., Path]
) -> None:
    for number, place in enumerate(("a", "b", "c")):
        (folder / place).mkdir()
        Image.fromarray(np.roll(pixels, number, axis=1)).save(folder / place / "photo.png")
        (folder / place / "p.hex").write_text(f"000000\nffff0{number}\n")
    pictures = f'["photo.png", "a/photo.png", "{folder}/b/photo.png", "{folder}/c/photo.png"]'
    path = write(pictures=pictures, palettes=f'["a/p.hex", "{folder}/b/p.hex", "ega"]')
    settings = [cell.settings for cell in read_sweep(path)]
    names = [f"photo.png{end}" for end in ("", " (2)", " (3)", " (4)")]
    # The first two are the same picture.
    assert list(dict.fromkeys(one["picture"] for one in settings)) == [names[0], *names[2:]]
    assert list(dict.fromkeys(one["palette"] for one in settings)) == ["p.hex", "p.hex (2)", "ega"]
    assert not any("/" in str(value) for one in settings for value in one.values())
