"""`ditherlab.optimize`: the inputs that people have, and messages in the words of Python."""

import inspect
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import ditherlab as dl
from ditherlab.cli.optimize import optimize as command
from ditherlab.palette import named_palette
from ditherlab.request.optimize_request import OptimizeRequest
from ditherlab.request.python_words import PythonWords
from tests.solving import ticking

PICO_8 = named_palette("pico-8")


@pytest.fixture
def levels(photo):
    return photo.pixels


def optimize(picture, *arguments, **options):
    return dl.optimize(picture, *arguments, **{"device": "cpu", **options})


def test_the_options_are_those_of_the_command_line():
    parameters = inspect.signature(dl.optimize).parameters
    outputs = {"source", "output", "packed", "report", "metrics", "as_json", "quiet", "verbose"}
    options = {option.name for option in command.params} - outputs
    assert options - set(parameters) == set()
    for field in fields(OptimizeRequest):
        assert parameters[field.name].default == field.default, field.name


def test_the_same_picture_whatever_it_comes_in(levels, tmp_path):
    Image.fromarray(levels).save(tmp_path / "photo.png")
    planes = torch.from_numpy(levels).permute(2, 0, 1)
    forms = [
        str(tmp_path / "photo.png"),
        tmp_path / "photo.png",
        Image.fromarray(levels),
        levels,
        levels / 255,
        planes / 255,
        dl.Picture(levels, np.ones(levels.shape[:2], dtype=bool)),
    ]
    solutions = [optimize(form, palette="pico-8", sweeps=1) for form in forms]
    assert len({solution.indices.tobytes() for solution in solutions}) == 1
    batch = optimize(torch.stack([planes, planes]) / 255, palette="pico-8", sweeps=1)
    for indices in batch.index_images:
        assert np.array_equal(indices, solutions[0].indices)


@pytest.mark.parametrize(
    "palette",
    [
        "pico-8",
        PICO_8,
        PICO_8.hex,
        ",".join(PICO_8.hex),
        np.array(PICO_8.colors, dtype=np.uint8),
        np.array(PICO_8.colors),
        np.array(PICO_8.colors) / 255,
        torch.tensor(PICO_8.colors, dtype=torch.float32) / 255,
        PICO_8.colors,
    ],
)
def test_a_fixed_palette(palette, levels):
    solution = optimize(levels, palette=palette, sweeps=1)
    assert solution.palette.colors == PICO_8.colors


def test_a_palette_file(levels, tmp_path):
    (tmp_path / "two.hex").write_text("000000\nffffff\n")
    for palette in (tmp_path / "two.hex", str(tmp_path / "two.hex")):
        assert len(optimize(levels, palette=palette, sweeps=1).palette) == 2


@pytest.mark.parametrize(
    "options",
    [{"colors": 3}, {"palette": 3}, {"palette": np.int64(3)}, {"palette": dl.LearnedPalette(3)}],
)
def test_a_learned_palette(options, levels):
    solution = optimize(levels, preset="fast", **options)
    assert solution.problem.palette == dl.LearnedPalette(3)


def test_colors_of_a_learned_palette_in_python(levels):
    white = dl.Palette.from_hex(["000", "fff"])
    for lock in (["#000", "#fff"], white, [(0, 0, 0), (255, 255, 255)], "#000,#fff"):
        problem = optimize(levels, colors=3, lock=lock, recipe="nearest").problem
        assert problem.palette.locked == ((0, 0, 0), (255, 255, 255))
    gamut = dl.HardwareGamut.of_bits("bits=2", (2, 2, 2))
    assert optimize(levels, colors=3, gamut=gamut, recipe="nearest").problem.palette.gamut == gamut


def test_strategies_as_words_objects_and_classes(levels):
    def recipe_of(**options):
        return str(optimize(levels, palette="pico-8", objective="ssim", steps=1, **options).recipe)

    words = recipe_of(estimator="leave-one-out", optimizer="natural-gradient")
    assert "estimator=leave-one-out, optimizer=natural-gradient" in words
    estimators, optimizers = dl.estimators, dl.optimizers
    assert (
        recipe_of(estimator=estimators.LeaveOneOut, optimizer=optimizers.NaturalGradient()) == words
    )
    assert "num_samples=2" in recipe_of(estimator=estimators.LeaveOneOut(), samples=2)
    assert "polish" not in recipe_of(estimator="st")
    model = optimize(levels, palette="gray-4", model=dl.models.Noise, noise="triangular", steps=1)
    assert "learn-model(model=noise(shape=triangular)" in str(model.recipe)
    search = optimize(levels, palette="gray-4", method=dl.stages.CrossEntropy(), steps=1)
    assert "cross-entropy(num_samples=" in str(search.recipe)


@pytest.mark.parametrize(
    "recipe",
    [
        "nearest | polish(sweeps=1)",
        dl.Recipe.parse("nearest | polish(sweeps=1)"),
        [dl.stages.Nearest(), "polish(sweeps=1)"],
    ],
)
def test_recipes(recipe, levels):
    solution = optimize(levels, recipe, palette="pico-8")
    assert str(solution.recipe) == "nearest | polish(sweeps=1, moves=swaps, temperature=0)"


@pytest.mark.parametrize(
    "objective",
    ["ssim", dl.objectives.SSIM(), dl.objectives.SSIM, lambda p, t: (p - t).abs().mean((1, 2, 3))],
)
def test_objectives(objective, levels):
    solution = optimize(levels, palette="pico-8", objective=objective, steps=2)
    assert solution.outcome == "finished"
    assert str(solution.problem.objective) in ("ssim", "python-object:<lambda>")


def test_a_picture_of_a_callable_can_be_saved_but_not_repeated(levels, tmp_path):
    solution = optimize(levels, palette="pico-8", objective=lambda p: p.mean((1, 2, 3)), steps=1)
    solution.save(tmp_path / "x.png")
    with pytest.raises(dl.DitherlabError, match=r"Python code, `python-object:<lambda>`.*`object"):
        optimize(levels, like=tmp_path / "x.png")
    again = optimize(levels, like=tmp_path / "x.png", objective="ssim")
    assert again.recipe == solution.recipe


def test_the_settings_of_a_picture_and_others_beside_them(levels, tmp_path):
    def cost(pictures):
        return pictures.mean((1, 2, 3))

    limits = dl.Limits(evaluations=30)
    options = {"palette": "gray-4", "objective": cost, "steps": 2, "limits": limits}
    solution = optimize(levels, **options)
    solution.save(tmp_path / "x.png")
    with pytest.raises(
        dl.DitherlabError, match=r"made within 30 evaluations.*`optimize\(\.\.\., l"
    ):
        optimize(levels, like=tmp_path / "x.png", objective=cost)
    again = optimize(levels, like=tmp_path / "x.png", objective=cost, limits=limits)
    assert np.array_equal(again.indices, solution.indices)


def test_options_are_refused_before_a_picture_is_read():
    with pytest.raises(dl.DitherlabError, match="`palette=` fixes all colors, and `colors=`"):
        optimize("missing.png", palette="ega", colors=3)


def test_a_problem_works_as_it_does_in_the_solver(photo):
    problem = dl.Problem(picture=photo, palette=PICO_8)
    solution = optimize(problem, "nearest", limits=dl.Limits(evaluations=9), seed=3)
    assert str(solution.recipe) == "nearest"
    assert (solution.limits.evaluations, solution.seed) == (9, 3)
    default = optimize(problem, max_seconds=1000, clock=ticking(0.001))
    assert default.recipe == dl.default_recipe(problem)
    assert default.limits == dl.Limits(seconds=1000)


def test_limits_join(levels):
    limits = dl.Limits(evaluations=50)
    solution = optimize(
        levels, palette="pico-8", sweeps=1, limits=limits, max_seconds=90, max_memory="1GiB"
    )
    assert solution.limits == dl.Limits(evaluations=50, seconds=90, memory_bytes=1 << 30)


def test_a_run_can_be_watched_stopped_and_resumed(levels, tmp_path):
    snapshots = []
    stopped = optimize(
        levels,
        palette="pico-8",
        objective="ssim",
        steps=8,
        on_progress=snapshots.append,
        should_stop=lambda: len(snapshots) > 3,
        seconds_between_reports=0,
        checkpoint=tmp_path / "run.safetensors",
        checkpoint_every=0,
    )
    assert stopped.outcome == "interrupted"
    options = {"palette": "pico-8", "objective": "ssim", "steps": 8}
    resumed = optimize(levels, **options, resume=tmp_path / "run.safetensors")
    assert resumed.outcome == "finished"
    assert np.array_equal(resumed.indices, optimize(levels, **options).indices)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"on_progress": 3}, "`on_progress=` must be a function, got 3"),
        ({"should_stop": True}, "`should_stop=` must be a function, got True"),
        ({"clock": None}, "`clock=` must be a function, got None"),
        ({"limits": 3}, "`limits=` must be `Limits`, got 3"),
        ({"like": 3}, "`like=` must be a path, got 3"),
        ({"checkpoint": 3}, "`checkpoint=` must be a path, got 3"),
        ({"resume": True}, "`resume=` must be a path, got True"),
        ({"seconds_between_reports": "x"}, "`seconds_between_reports=` must be a number, got 'x'"),
        ({"seconds_between_reports": -1}, "`seconds_between_reports=` must be at least 0, got -1"),
        ({"num_report_samples": 0}, "`num_report_samples=` must be at least 1, got 0"),
        ({"num_report_samples": 1.5}, "`num_report_samples=` must be a whole number, got 1.5"),
        ({"pallete": "pico-8"}, r"`optimize` has no option `pallete`. Did you mean `palette`\?"),
        ({"palette": "pico8"}, "`palette=` must be a name, .* Did you mean `pico-8`"),
        ({"palette": ["#000"]}, "must be 2 to 256 different colors, got 1"),
        ({"palette": ["#000", "red"]}, "'red' is not a color"),
        ({"palette": np.eye(3) * 255}, "`palette` must have floats from 0 to 1, got 0 to 255"),
        ({"palette": [(0, 0, 0), (1, 1, 1)]}, "got whole numbers that are all 0 or 1. Give floats"),
        ({"palette": np.eye(4)}, r"`palette` must be colors, got an array of float64 of shape \[4"),
        ({"palette": True}, r"`palette` must be colors, got True. Give a name such as 'pico-8'"),
        ({"palette": [(0, 0, 300), (0, 0, 0)]}, r"`palette\[0\]` must be three whole numbers"),
        ({"palette": "ega", "colors": 4}, "`palette=` fixes all colors, and `colors=` is about"),
        ({"palette": 16, "colors": 4}, "`palette=` is a number of colors to learn, and `colors=`"),
        (
            {"palette": dl.LearnedPalette(4), "lock": "#000"},
            "`palette=` is a `LearnedPalette`, and `lock=` says the same",
        ),
        ({"estimator": dl.optimizers.Adam()}, "The estimator must be words, or extend `Estimator`"),
        ({"estimator": "leave-one-outt"}, "Did you mean `leave-one-out`"),
        ({"estimator": 3}, "extend `Estimator`, got 3"),
        ({"objective": 3}, "`objective` must be words such as 'ssim'"),
        ({"method": dl.stages.Polish()}, "`method=` must be one of .*got `polish`. Use `recipe=`"),
        (
            {"objective": "ssim", "samples": 2, "estimator": dl.estimators.LeaveOneOut(8)},
            r"`samples=` and `num_samples` in 'leave-one-out\(num_samples=8\)' say the same",
        ),
        ({"recipe": "pico-8"}, r"got 'pico-8', which is a palette. Give it by name: `palette="),
        ({"recipe": 16}, "The recipe must be stages, got 16"),
        ({"recipe": [3]}, "must be words, a `Recipe`, or a list of stages"),
        ({"recipe": "nearest", "steps": 3}, "`steps=` edits the default recipe, and `recipe="),
        ({"preset": "bestt"}, "`preset` must be one of .* Did you mean `best`"),
        ({"steps": 2.5}, "`steps=` must be a whole number, got 2.5"),
        ({"strength": "half"}, "`strength=` must be a number, got 'half'"),
        ({"viewing_distance": 70, "dpi": 100}, "`viewing_distance=` must be words, got 70"),
        ({"viewing_distance": "70cm"}, "`viewing_distance='70cm', dpi=139`"),
        ({"max_memory": "4GiBs"}, "`max_memory=` must be a number of bytes"),
        ({"max_memory": 1000}, r"allow more \(`max_memory=`, `Limits\(memory_bytes=...\)`\)"),
        ({"max_seconds": 3, "limits": dl.Limits(seconds=3)}, "`max_seconds=` and `Limits.*same"),
        ({"seed": -1}, "The seed must be from 0"),
        ({"device": "tpu"}, "The device must be auto, cpu"),
        ({"gamut": 3, "palette": None}, "`gamut=` must be words or a `HardwareGamut`, got 3"),
        ({"cells": "zx", "palette": None}, "`cells=` must be a known machine, got 'zx'"),
        ({"background": "#fff", "alpha": "cut"}, "`background=` needs `alpha='blend'`"),
        ({"checkpoint_every": 3.0}, "`checkpoint_every=` needs a file .* give `checkpoint=` too"),
        (
            {"checkpoint": dl.Checkpoint("x"), "resume": "x"},
            "`checkpoint=` is a `Checkpoint`, which says what `resume=` does",
        ),
        ({"like": "missing.png"}, "`like=` must be a PNG that ditherlab wrote: .*missing.png"),
    ],
)
def test_refusals_name_parameters(options, message, levels):
    with pytest.raises(dl.DitherlabError, match=message):
        optimize(levels, **{"palette": "pico-8", **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"palette": "pico-8"}, r"`palette=` cannot be given beside a `Problem`.*`Problem\(pal"),
        ({"steps": 4}, r"`recipe=default_recipe\(problem, Shorthands\(steps=...\)\)`"),
        ({"alpha": "cut"}, "`alpha=` cannot be given beside a `Problem`"),
        ({"like": "x.png"}, "`like=` cannot be given beside a `Problem`"),
    ],
)
def test_a_problem_states_what_is_asked_for(options, message, photo):
    with pytest.raises(dl.DitherlabError, match=message):
        optimize(dl.Problem(picture=photo), **options)


def test_notes_name_parameters(levels):
    soft = np.dstack([levels, np.full(levels.shape[:2], 99, dtype=np.uint8)])
    solution = optimize(soft, palette="game-boy", sweeps=0)
    about_picture, about_run = solution.notes
    assert "`background=` sets another color, `alpha='keep'` keeps" in about_picture
    assert "`fit='none'`" in about_run
    assert repr(solution).endswith("; see its notes>")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Use --overwrite (`overwrite=True`).", "Use `overwrite=True`."),
        ("`--gamut bits=N` is", "`gamut='bits=N'` is"),
        ("`--levels LOW:HIGH` or --levels", "`levels='LOW:HIGH'` or `levels=`"),
        ("`--jobs 3`, --jobs and a--fit", "`--jobs 3`, --jobs and a--fit"),
    ],
)
def test_options_become_parameters(text, written):
    assert PythonWords(["overwrite", "gamut", "levels", "fit"]).write(text) == written


def test_the_picture_of_the_repository(tmp_path):
    picture = Path(__file__).parents[3] / "images" / "chelsea.png"
    solution = optimize(Image.open(picture).resize((30, 20)), palette="pico-8", sweeps=1)
    solution.save(tmp_path / "x.png")
    with pytest.raises(dl.DitherlabError, match="exists already"):
        solution.save(tmp_path / "x.png")
