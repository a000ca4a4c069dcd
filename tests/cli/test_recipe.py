"""`--recipe` and `--like`: what a picture was made by, printed, pasted back and reused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

Run = Callable[..., Any]

WORDS = [
    ["--colors", "4", "--steps", "9", "--sweeps", "2"],
    ["--colors", "4", "--gamut", "rgb444", "--lock", "#000", "--seed", "7", "--preset", "fast"],
    ["--palette", "pico-8", "--steps", "4", "--temperature", "1:.1"],
    ["--palette", "pico-8", "--estimator", "gumbel-softmax(num_samples=2)", "--steps", "4"],
    ["--palette", "e-ink-6-measured", "--strength", ".35", "--sweeps", "2"],
    ["--palette", "#000,#fff,#f00", "--measured", "#222,#ccc,#a32", "--fit", "compress"],
    ["--palette", "game-boy", "--sweeps", "1"],
    ["--cells", "zx-spectrum", "--sweeps", "1"],
    ["--palette", "gray-4", "--model", "noise", "--noise", "normal", "--steps", "3"],
    ["--palette", "gray-4", "--method", "gibbs-with-gradients(heat=0.1)", "--sweeps", "1"],
    ["--colors", "3", "--objective", "variance(c=0.125)", "--steps", "4"],
    ["--colors", "3", "--objective", "viewed-error+0.333333333*ssim", "--steps", "3"],
    ["--colors", "5", "--lock", "e-ink-4-measured", "--steps", "6", "--sweeps", "1"],
]


def settings_in(path: str) -> dict[str, Any]:
    with Image.open(path) as image:
        found: dict[str, Any] = json.loads(image.text["ditherlab"])  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_like_an_earlier_picture_is_the_same_picture(
    words: list[str], photo: Path, run: Run
) -> None:
    assert run("optimize", photo, *words, "-q", "-o", "a.png").code == 0
    assert run("optimize", photo, "--like", "a.png", "-q", "-o", "b.png").code == 0
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()


@pytest.mark.parametrize("words", [WORDS[0], WORDS[2], WORDS[3]], ids=" ".join)
def test_a_recipe_pasted_back_gives_the_same_bytes(words: list[str], photo: Path, run: Run) -> None:
    ended = run("optimize", photo, *words, "-v", "--json", "--report", "run.json", "-o", "a.png")
    (printed,) = (
        line.removeprefix("recipe: ")
        for line in ended.err.splitlines()
        if line.startswith("recipe: ")
    )
    documents = (json.loads(ended.out), json.loads(Path("run.json").read_text()))
    assert {printed} == {document["recipe"] for document in (*documents, settings_in("a.png"))}
    pasted = run("optimize", photo, *words[:2], "--recipe", printed, "-q", "-o", "b.png")
    assert pasted.code == 0
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()


def test_a_recipe_says_all_stages(photo: Path, run: Run) -> None:
    recipe = "nearest | descend(estimator=reinmax, steps=4) | draw"
    ended = run("optimize", photo, "--palette", "pico-8", "--recipe", recipe, "--json")
    document = json.loads(ended.out)
    assert document["recipe"] == (
        "nearest | descend(estimator=reinmax, optimizer=natural-gradient, steps=4) | draw(by=mode)"
    )
    assert (document["steps"], document["polish"], document["start"]) == (4, "none", "nearest")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--recipe", "nearest | | draw"], "A recipe must be stages with `|` between them"),
        (["--recipe", "polish"], "`polish` needs a picture to start from. Put `nearest` or"),
        (["--recipe", "polsh"], "Unknown stage `polsh`. Did you mean `polish`?"),
        (["--recipe", "nearest(steps=3)"], "`nearest` has no parameter `steps`. It has none."),
        (["--recipe", "nearest | descend(steps=x)"], "`descend(steps=...)` must be a whole number"),
        (["--recipe", "nearest | descend(steps=0)"], "`descend(steps=...)` must be at least 1"),
        (["--recipe", "error-diffusion | polish(moves=hops)"], "must be one of flips, swaps"),
        (["--recipe", "nearest", "--steps", "3"], "`--steps` edits the default recipe, and `--rec"),
        (["--recipe", "nearest", "--preset", "best"], "`--preset` edits the default recipe"),
        (
            ["--palette", "ega", "--recipe", "learn-palette | nearest"],
            "`learn-palette` needs a",
        ),
        (["--recipe", "cells | polish"], "`cells` needs a machine whose cells have few colors"),
        (
            ["--cells", "zx-spectrum", "--recipe", "cells | nearest | descend | draw"],
            "`nearest` does not obey the cells of a machine. Use `cells | polish`.",
        ),
        (
            ["--objective", "ssim", "--recipe", "error-diffusion"],
            "`error-diffusion` needs an objective that is a squared error, got `ssim`",
        ),
        (
            ["--palette", "ega", "--recipe", "nearest | descend(estimator=arm) | draw"],
            "`arm` needs a palette of 2 colors, got 16",
        ),
        (["--recipe", "python:gone.py:Stage"], "there is no file 'gone.py'"),
        (["--recipe", "nearest | python:oops"], "A Python stage must be `python:FILE.py:Name(...)"),
    ],
)
def test_impossible_recipes_are_refused(
    words: list[str], message: str, photo: Path, run: Run
) -> None:
    ended = run("optimize", photo, *words)
    assert ended.code == 2
    assert message in ended.error


def test_options_beside_like_replace_its_settings(photo: Path, run: Run) -> None:
    words = ["--colors", "4", "--seed", "3", "--strength", ".5"]
    assert run("optimize", photo, *words, "-q", "-o", "a.png").code == 0
    others = ["--palette", "pico-8", "--recipe", "error-diffusion", "--strength", "1"]
    assert run("optimize", photo, "--like", "a.png", *others, "-q", "-o", "b.png").code == 0
    told = settings_in("b.png")
    assert (told["seed"], told["strength"], len(told["palette"])) == (3, 1.0, 16)
    assert told["recipe"] == "error-diffusion"


def test_a_fit_is_found_anew_for_another_palette(photo: Path, run: Run) -> None:
    run("optimize", photo, "--palette", "game-boy", "-q", "-o", "a.png")
    assert settings_in("a.png")["fit"] == "clip"
    other = run("optimize", photo, "--like", "a.png", "--palette", "ega", "-q", "-o", "b.png")
    assert other.code == 0, other.err
    assert settings_in("b.png")["fit"] == "none"


@pytest.mark.parametrize(
    "name", ["photo.png", "gone.png", "text.txt", "odd.png", "evil.png", "kinds.png"]
)
def test_a_file_without_settings_is_refused(name: str, photo: Path, run: Run) -> None:
    Path("text.txt").write_text("Not a picture.")
    for file, text in (
        ("odd.png", "[1, 2"),
        ("evil.png", '{"palette": ["/etc/passwd"], '),
        ("kinds.png", '{"palette": {"a": 1}, '),
    ):
        chunk = PngImagePlugin.PngInfo()
        rest = '"fit": "none", "objective": "ssim", "strength": 1, "seed": 0, "recipe": "nearest"}'
        chunk.add_text("ditherlab", text + rest)
        Image.new("P", (3, 3)).save(file, pnginfo=chunk)
    ended = run("optimize", photo, "--like", name)
    assert ended.code == 2
    assert "`--like`" in ended.error or "not a list of colors" in ended.error


def test_code_is_never_run_from_the_settings_of_a_picture(photo: Path, run: Run) -> None:
    Path("cost.py").write_text("def cost(picture):\n    return float(picture.mean())\n")
    words = ["--palette", "ega", "--objective", "python:cost.py:cost", "--steps", "1"]
    assert run("optimize", photo, *words, "-q", "-o", "a.png").code == 0
    ended = run("optimize", photo, "--like", "a.png")
    assert ended.code == 2
    assert "was made with Python code, `python:cost.py:cost`, which is never run" in ended.error
    again = run("optimize", photo, "--like", "a.png", *words[2:4], "-q", "-o", "b.png")
    assert again.code == 0
    with Image.open("a.png") as first, Image.open("b.png") as second:
        assert np.array_equal(np.asarray(first), np.asarray(second))


def test_shorthands_do_not_edit_the_recipe_of_an_earlier_picture(photo: Path, run: Run) -> None:
    assert run("optimize", photo, "--palette", "ega", "-q", "-o", "a.png").code == 0
    ended = run("optimize", photo, "--like", "a.png", "--sweeps", "3")
    assert ended.code == 2
    assert "`--sweeps` edits the default recipe, and `--like` states another one" in ended.error
