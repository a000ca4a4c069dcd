"""`ditherlab optimize`: where the picture is looked at from, how crisp and how strong it is."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ditherlab.recipe.presets import PRESETS
from ditherlab.vision.viewing import pixels_per_degree
from tests.solving import num_polish_costs

Run = Callable[..., Any]
ASTRONAUT = Path(__file__).parents[2] / "images" / "astronaut.png"


@pytest.fixture
def face(folder: Path) -> Path:
    with Image.open(ASTRONAUT) as image:
        image.crop((190, 60, 238, 108)).save(folder / "face.png")
    return Path("face.png")


def document(run: Run, *words: object) -> dict[str, Any]:
    ended = run("optimize", *words, "--json", "--overwrite", "-o", "out.png")
    assert ended.code == 0, ended.err
    found: dict[str, Any] = json.loads(ended.out)
    return found


def test_a_distance_and_a_density_are_pixels_per_degree(photo: Path, run: Run) -> None:
    exact = pixels_per_degree(70.0, 139.0)
    assert round(exact) == 67
    words = ("optimize", photo, "--palette", "pico-8", "-q", "-o")
    for name, viewer in {
        "distance.png": ["--viewing-distance", "70cm", "--dpi", "139"],
        "meters.png": ["--viewing-distance", "0.7 m", "--dpi", "139"],
        "degrees.png": ["--pixels-per-degree", repr(exact)],
        "objective.png": ["--objective", f"perceptual(pixels_per_degree={exact!r})"],
        "near.png": ["--pixels-per-degree", "20"],
    }.items():
        assert run(*words, name, *viewer).code == 0
    same = {Path(f"{name}.png").read_bytes() for name in ("distance", "degrees", "objective")}
    assert len(same) == 1
    assert Path("meters.png").read_bytes() in same
    with Image.open("distance.png") as far, Image.open("near.png") as near:
        assert (np.asarray(far) != np.asarray(near)).any()


@pytest.mark.parametrize("length", ["70", "cm", "-3cm", "0cm", "0.0in", "7 furlongs", "1e2cm", ""])
def test_a_wrong_distance_is_refused(length: str, photo: Path, run: Run) -> None:
    ended = run("optimize", photo, f"--viewing-distance={length}", "--dpi", "139")
    assert ended.code == 2
    assert ended.error == (
        f"A viewing distance must be a positive length with a unit, got '{length}'. Try 70cm, 0.7m "
        "or 28in."
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--dpi", "139"], "`--viewing-distance` and `--dpi` need each other: "),
        (["--viewing-distance", "70cm"], "`--viewing-distance` and `--dpi` need each other: "),
        (
            ["--viewing-distance", "70cm", "--dpi", "139", "--pixels-per-degree", "67"],
            "`--pixels-per-degree` and `--viewing-distance` both say where the viewer is: give one",
        ),
        (
            ["--viewing-distance", "70cm", "--dpi", "0"],
            "The dots per inch must be above 0, got 0.",
        ),
        (
            ["--viewing-distance", "70cm", "--dpi", "nan"],
            "The dots per inch must be above 0, got nan.",
        ),
        (["--pixels-per-degree", "0"], "The pixels per degree must be from 1 to 600, got 0. "),
        (
            ["--pixels-per-degree", "40", "--objective", "ssim"],
            "`--pixels-per-degree` means nothing to `ssim`: it has no `pixels_per_degree`.",
        ),
        (
            ["--crisp", "0.1", "--objective", "viewed-error"],
            "`--crisp` means nothing to `viewed-error`: it has no `crisp`.",
        ),
        (
            ["--crisp", "0.1", "--objective", "perceptual(crisp=1)"],
            "`--crisp` and `crisp` in 'perceptual(crisp=1)' say the same: give one of the two.",
        ),
        (["--crisp", "-1"], "The weight `crisp` must be at least 0, got -1. Try 0.05."),
        (["--strength", "2"], "The strength must be from 0 (no dithering) to 1 (full), got 2."),
        (["--sweeps", "-1"], "The number of sweeps must be at least 0, got -1."),
        (
            ["--start", "error-diffusion", "--objective", "ssim"],
            "`error-diffusion` needs an objective that is a squared error, got `ssim`. Use ",
        ),
        (
            ["--polish", "swaps", "--objective", "variance"],
            "`polish` needs an objective that is a squared error, got `variance`. Use ",
        ),
        (
            ["--strength", "0.5", "--objective", "ssim"],
            "`strength=0.5` needs an objective that is a squared error, got `ssim`. Use `perceptu",
        ),
    ],
)
def test_wrong_words_about_the_viewer_are_refused(
    words: list[str], message: str, photo: Path, run: Run
) -> None:
    ended = run("optimize", photo, *words)
    assert ended.code == 2
    assert ended.error.startswith(message)


def test_crisp_pictures_are_nearer_to_the_source_pixel_by_pixel(face: Path, run: Run) -> None:
    words = (face, "--palette", "pico-8", "--crisp")
    raw = [document(run, *words, crisp)["metrics"]["raw"] for crisp in (0, 0.1, 1)]
    assert raw == sorted(raw)
    assert raw[-1] > raw[0] + 0.08


def test_strength_and_sweeps_reach_the_run(face: Path, run: Run) -> None:
    words = (face, "--palette", "pico-8")
    plain = document(run, *words, "--strength", "0", "--sweeps", "3")
    assert (plain["strength"], plain["sweeps"]) == (0.0, 3)
    assert len(plain["costs"]) == num_polish_costs(3)
    assert document(run, *words)["metrics"]["ls"] > plain["metrics"]["ls"]


@pytest.mark.parametrize("polish", ["none", "flips", "swaps"])
@pytest.mark.parametrize("start", ["nearest", "error-diffusion"])
def test_start_and_polish_reach_the_run(start: str, polish: str, photo: Path, run: Run) -> None:
    words = ("--palette", "pico-8", "--start", start, "--polish", polish, "--preset", "fast")
    found = document(run, photo, *words)
    assert (found["start"], found["polish"]) == (start, polish)
    num_steps = PRESETS["fast"].num_steps if start == "nearest" else 0
    num_moves = 0 if polish == "none" else num_polish_costs(found["sweeps"])
    assert found["steps"] == num_steps
    assert len(found["costs"]) == num_steps + num_moves


def test_a_polish_that_has_no_time_leaves_error_diffusion(face: Path, run: Run) -> None:
    ended = run("optimize", face, "--palette", "pico-8", "--max-seconds", "0.000001")
    assert ended.code == 0
    assert ended.err == (
        "The time was up before the first step: face-dithered.png shows plain error diffusion.\n"
    )
    words = ("--palette", "pico-8", "--polish", "none", "-o", "plain.png", "-q")
    assert run("optimize", face, *words).code == 0
    with Image.open("face-dithered.png") as first, Image.open("plain.png") as second:
        assert np.array_equal(np.asarray(first), np.asarray(second))
