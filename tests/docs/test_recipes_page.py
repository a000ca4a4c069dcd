"""The page about recipes: its example runs, its table and its presets are those of the program."""

import doctest
import re
from dataclasses import MISSING, fields
from pathlib import Path

import numpy as np
import pytest

from ditherlab import (
    STAGES,
    LearnedPalette,
    Problem,
    Recipe,
    Shorthands,
    default_recipe,
    parse_objective,
    resolve_palette,
)
from ditherlab.discrete.cells import cell_rule
from ditherlab.images import Picture
from ditherlab.recipe.presets import PRESETS
from ditherlab.recipe.rules import SHORTHANDS
from ditherlab.request.palette_options import as_option
from ditherlab.stages.stage import Stage

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "recipes.md").read_text()
ROWS = dict(re.findall(r"^\| `([\w-]+)` \| .* \| (.*?) ?\|$", PAGE, flags=re.MULTILINE))


def parameters_of(stage: type[Stage]) -> list[str]:
    """Spell the parameters as the table does."""
    spelled = []
    for parameter in fields(stage):
        factory = parameter.default_factory
        default = parameter.default if factory is MISSING else factory()
        number = f"{default:g}" if isinstance(default, float) else default
        spelled.append(f"`{parameter.name}`" if default is None else f"`{parameter.name}={number}`")
    return spelled


@pytest.fixture
def gray() -> Picture:
    return Picture(pixels=np.full((16, 16, 3), 128, np.uint8), opaque=np.ones((16, 16), dtype=bool))


def test_the_examples_run(monkeypatch):
    monkeypatch.chdir(ROOT)
    failed, attempted = doctest.testfile(str(ROOT / "docs" / "recipes.md"), module_relative=False)
    assert (failed, attempted) == (0, 7)


def test_the_table_has_every_stage_with_its_parameters():
    expected = {name: ", ".join(parameters_of(stage)) for name, stage in STAGES.classes.items()}
    assert expected == ROWS


def test_the_stages_that_need_a_picture_are_named():
    needing = {name for name, stage in STAGES.classes.items() if stage.needs_picture}
    searches = {"gibbs-with-gradients", "cross-entropy"}
    assert needing == {"descend", "draw", "polish", *searches}
    assert re.search(r"`descend`, the two searches,\s`draw` and `polish` need a stage", PAGE)


def test_squared_errors_are_needed_where_the_table_says_so(gray):
    problem = Problem(picture=gray, palette=LearnedPalette(4), objective=parse_objective("ssim"))
    needing = {
        name
        for name, stage in STAGES.defaults().items()
        if "quadratic" in stage.needs(problem) and name != "cells"
    }
    marked = set(re.findall(r"^\| `([\w-]+)` \| [^|]*squared errors only", PAGE, re.MULTILINE))
    assert needing == marked


@pytest.mark.parametrize("preset", PRESETS)
def test_the_presets_are_recipes(preset, gray):
    (words,) = re.findall(rf"^    {preset} +(.*)$", PAGE, flags=re.MULTILINE)
    shorthands = Shorthands(preset=preset)
    learned = Problem(picture=gray, palette=LearnedPalette(4))
    assert Recipe.parse(words).resolved(learned) == default_recipe(learned, shorthands)
    fixed = Problem(picture=gray, palette=resolve_palette("pico-8"))
    rest = words.partition(" | ")[2]
    assert Recipe.parse(rest) == default_recipe(fixed, shorthands)
    rule = cell_rule("zx-spectrum")
    cells = Problem(picture=gray, palette=rule.palette, cells=rule)
    polish = rest.partition(" | ")[2]
    assert Recipe.parse(f"cells | {polish}") == default_recipe(cells, shorthands)
    ssim = Problem(picture=gray, palette=LearnedPalette(4), objective=parse_objective("ssim"))
    descent = f"nearest | descend(steps={PRESETS[preset].num_steps}) | draw"
    assert Recipe.parse(descent).resolved(ssim) == default_recipe(ssim, shorthands)


def test_every_shorthand_has_its_edit():
    _, _, options = PAGE.partition("## Options that edit the recipe")
    table, _, _ = options.partition("None of these")
    for name in {*SHORTHANDS} - {"preset", "noise"}:
        assert re.search(rf"{as_option(name).strip('`')}\b", table), name


def test_the_edits_are_what_the_table_says(gray):
    fixed = Problem(picture=gray, palette=resolve_palette("pico-8"))
    learned = Problem(picture=gray, palette=LearnedPalette(4))

    def names(problem, **edits):
        recipe = default_recipe(problem, Shorthands(**edits))
        return " | ".join(stage.name for stage in recipe.stages)

    descent = "nearest | descend | draw | polish"
    assert names(fixed, steps=3) == names(learned, start="nearest") == descent
    assert names(learned, steps=3) == "learn-palette | error-diffusion | polish"
    assert names(fixed, start="error-diffusion") == "error-diffusion | polish"
    diffused = "error-diffusion | descend | draw | polish"
    assert names(fixed, start="error-diffusion", steps=3) == diffused
    assert names(learned, polish="none") == "learn-palette | error-diffusion"
    model = STAGES.classes["learn-model"]().model
    assert names(learned, model=model) == "learn-palette | learn-model | draw"
    method = STAGES.parse("cross-entropy")
    assert names(fixed, method=method) == "error-diffusion | cross-entropy"


def test_the_parts_of_the_time_are_told():
    parts = {name: stage.part_of_time for name, stage in STAGES.classes.items()}
    quick = {name for name, part in parts.items() if part == 0}
    assert quick == {"nearest", "error-diffusion", "draw"}
    others = {
        part for name, part in parts.items() if name not in {*quick, "learn-palette", "polish"}
    }
    assert (parts["learn-palette"], parts["polish"], others) == (0.4, 0.5, {0.6})
    assert "`learn-palette` 0.4, `polish` 0.5, others 0.6" in PAGE


def test_the_links_lead_to_files():
    for target, _ in re.findall(r"\]\(([^)#:]+)(#[^)]*)?\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target
