"""The key of a cell: the same for the same result, another for another; and its result."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from inspect import get_annotations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import ditherlab
from ditherlab.experiments import Cell, carry_out, read_sweep
from ditherlab.request.optimize_request import OptimizeRequest

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "own_stage.py"

Cells = Callable[..., tuple[Cell, ...]]

# For every option another value than that of a quick cell, in the words of a file.
OTHERS = {
    "crop": '"12x12+0+0"',
    "palette": '"#000,#eee"',
    "measured": '"#111,#eee"',
    "fit": '"none"',
    "objective": '"viewed-error(blur_px=1.25)"',
    "estimator": '"leave-one-out"',
    "optimizer": '"adam"',
    "strength": "0.5",
    "steps": "3",
    "start": '"nearest"',
    "polish": '"flips"',
    "sweeps": "3",
    "learning_rate": "0.25",
    "temperature": '"1:0.1"',
    "max_seconds": "9",
    "seed": "1",
    "device": '"cpu"',
    "draw": '"sample"',
    "preset": '"fast"',
}
# Those that need another cell to stand in.
WITH_COLORS = {"colors": "3", "lock": '"#fff"'}
WITH_PERCEPTUAL = {
    "pixels_per_degree": "40",
    "crisp": "0.1",
}


def plural(option: str) -> str:
    return f"{option}s" if option in ("palette", "objective", "estimator") else option


@pytest.mark.parametrize("option", OTHERS)
def test_another_value_is_another_key(option: str, cells: Cells) -> None:
    (one,), (other,) = cells(), cells(**{plural(option): None, option: OTHERS[option]})
    assert one.key != other.key


@pytest.mark.parametrize("option", WITH_COLORS)
def test_another_value_beside_colors_is_another_key(option: str, cells: Cells) -> None:
    quick = {"palettes": None, "colors": "2"}
    assert cells(**quick)[0].key != cells(**{**quick, option: WITH_COLORS[option]})[0].key


@pytest.mark.parametrize("option", WITH_PERCEPTUAL)
def test_another_value_beside_perceptual_is_another_key(option: str, cells: Cells) -> None:
    quick = {"objectives": '["perceptual"]'}
    (one,), (other,) = cells(**quick), cells(**quick, **{option: WITH_PERCEPTUAL[option]})
    assert one.key != other.key


@pytest.mark.parametrize("option", [f.name for f in fields(OptimizeRequest)])
def test_every_option_is_part_of_the_key(option: str, cells: Cells) -> None:
    (cell,) = cells()
    words = {"objective": "ssim", "estimator": "st", "optimizer": "adam", "recipe": "nearest"}
    is_number = get_annotations(OptimizeRequest)[option] in (int, float, int | None, float | None)
    other = 7 if is_number else words.get(option, "another")
    request = replace(cell.request, **{option: other})
    assert replace(cell, request=request).key != cell.key


def test_a_recipe_counts_by_what_its_stages_do(
    cells: Cells, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (cell,) = cells()
    monkeypatch.chdir(folder)

    def key(recipe: str) -> str:
        return replace(cell, request=replace(cell.request, recipe=recipe)).key

    assert key("error-diffusion|polish") == key("error-diffusion | polish(sweeps=12)")
    assert key("error-diffusion | polish") != key("error-diffusion | polish(sweeps=11)")
    code = EXAMPLE.read_text()
    for name in ("one.py", "other.py"):
        (folder / name).write_text(code)
    assert key("nearest | python:one.py:Shake") == key("nearest | python:other.py:Shake(steps=80)")
    assert key("nearest | python:one.py:Shake") != key("nearest | python:one.py:Shake(steps=8)")
    (folder / "other.py").write_text(code.replace("< 0", "<= 0"))
    assert key("nearest | python:one.py:Shake") != key("nearest | python:other.py:Shake")


def test_the_bytes_of_the_picture_and_the_version_matter(
    cells: Cells, folder: Path, pixels: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    (before,) = cells()
    key = before.key
    pixels[0, 0, 0] ^= 1
    Image.fromarray(pixels).save(folder / "photo.png")
    (changed,) = cells()
    assert changed.key != key
    monkeypatch.setattr("ditherlab.version.__version__", "99")
    assert cells()[0].key != changed.key


@pytest.mark.parametrize(
    "changes",
    [
        {"estimators": '[ " moments( order = 2 ) " ]'},
        {"objectives": '["viewed-error()"]'},
        {"palettes": '["#000000, #FFFFFF"]'},
        {"seeds": "[0]"},
        {"preset": '"balanced"', "fit": '"auto"'},
        {"strength": "1"},
        {"optimizer": '"default"'},
    ],
)
def test_other_words_for_the_same_are_the_same_key(changes: dict[str, str], cells: Cells) -> None:
    assert cells()[0].key == cells(**changes)[0].key


def test_an_alias_is_what_it_stands_for(cells: Cells) -> None:
    words = {"reinforce", "score-function"}
    assert len({cells(estimators=f'["{word}"]')[0].key for word in words}) == 1


def test_places_and_names_of_files_do_not_matter(
    cells: Cells, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    words = {"palettes": '["mine.hex"]', "objectives": '["python:cost.py:price"]'}
    words |= {"estimators": None, "polish": None}
    (folder / "mine.hex").write_text("000000\nffffff\n")
    code = "def price(picture, target):\n    return 1.0\n"
    (folder / "cost.py").write_text(code)
    (here,) = cells(**words)
    there = tmp_path_factory.mktemp("elsewhere")
    shutil.copytree(folder, there, dirs_exist_ok=True)
    (there / "photo.png").rename(there / "renamed.png")
    sweep = there / "sweep.toml"
    sweep.write_text(sweep.read_text().replace("photo.png", "renamed.png"))
    assert read_sweep(sweep)[0].key == here.key
    (there / "cost.py").write_text(code.replace("1.0", "2.0"))
    assert read_sweep(sweep)[0].key != here.key
    (there / "cost.py").write_text(code)
    (there / "mine.hex").write_text("000000\nfffffe\n")
    assert read_sweep(sweep)[0].key != here.key


def test_a_key_is_the_same_in_another_process(write: Callable[..., Path]) -> None:
    path = write(seeds="[0, 1]")
    code = (
        "import sys; from pathlib import Path; from ditherlab.experiments import read_sweep\n"
        "print(*(cell.key for cell in read_sweep(Path(sys.argv[1]))))"
    )
    root = Path(ditherlab.__file__).parents[1]
    out = subprocess.check_output([sys.executable, "-c", code, str(path)], cwd=root, text=True)
    assert out.split() == [cell.key for cell in read_sweep(path)]


numbers = st.floats(0.25, 4.0, allow_nan=False)
requests = st.builds(
    OptimizeRequest,
    colors=st.sampled_from([2, 3]),
    objective=st.one_of(st.just("ssim"), numbers.map("viewed-error(blur_px={})".format)),
    steps=st.sampled_from([None, 1, 2]),
    strength=st.sampled_from([0.0, 1.0]),
    max_seconds=st.one_of(st.none(), numbers),
    seed=st.integers(0, 3),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one=requests, other=requests)
def test_keys_are_equal_just_where_requests_are(
    one: OptimizeRequest, other: OptimizeRequest, cells: Cells
) -> None:
    (cell,) = cells()
    keys = [replace(cell, request=request).key for request in (one, other)]
    assert (keys[0] == keys[1]) == (one == other)


def test_a_result_has_all_figures(cells: Cells) -> None:
    (cell,) = cells(seeds="[3]")
    result = carry_out(cell)
    assert result is not None
    assert (result.key, result.outcome, result.error) == (cell.key, "finished", None)
    assert {"raw", "vs", "vp", "ls", "lp", "flip"} == set(result.metrics)
    assert result.cost is not None and result.cost > 0
    assert result.expected_cost is not None
    assert (result.steps, result.palette) == (2, ("#000000", "#ffffff"))
    assert len({len(numbers) for numbers in result.curve.values()}) == 1
    assert type(result).from_line(result.line()) == result


def test_the_cost_of_learned_colors_is_that_of_the_rounded_ones(cells: Cells) -> None:
    (cell,) = cells(palettes=None, colors="3")
    learned = carry_out(cell)
    assert learned is not None
    colors = ",".join(learned.palette)
    (fixed,) = cells(palettes=f'["{colors}"]', fit='"none"', steps="1")
    again = carry_out(fixed)
    assert again is not None and again.cost is not None and learned.cost is not None
    assert learned.cost < 2 * again.cost


def test_flip_is_left_out_where_its_package_is_missing(
    cells: Cells, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ditherlab.experiments.judging.find_spec", lambda name: None)
    result = carry_out(cells()[0])
    assert result is not None
    assert "flip" not in result.metrics


def test_what_does_not_fit_is_a_result(cells: Cells) -> None:
    (cell,) = cells(objectives='["png-bytes"]', polish=None)
    result = carry_out(cell)
    assert result is not None
    assert result.outcome == "failed"
    assert result.error is not None and "`moments` needs an objective with" in result.error


def test_a_transparent_picture_has_no_figures(cells: Cells, folder: Path) -> None:
    Image.new("RGBA", (16, 16)).save(folder / "photo.png")
    result = carry_out(cells()[0])
    assert result is not None
    assert (result.outcome, result.cost) == ("nothing-to-draw", None)
    assert not any(result.metrics.values())
