"""`ditherlab palette learn`, `rank` and `curve`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from ditherlab.palette import parse_gamut, read_palette_file

FAST = ("--preset", "fast")


@pytest.fixture
def pair(folder: Path, photo: Path) -> tuple[str, str]:
    with Image.open(photo) as image:
        red, green, blue = image.convert("RGB").split()
        Image.merge("RGB", (blue, red, green)).resize((30, 20)).save(folder / "other.png")
    return photo.name, "other.png"


def test_one_palette_for_several_pictures(run: Callable[..., Any], pair: tuple[str, str]) -> None:
    ended = run(
        "palette", "learn", *pair, "--colors", "6", "--gamut", "rgb444", "--lock", "#fff",
        "-o", "ours.gpl", *FAST,
    )  # fmt: skip
    assert (ended.code, ended.err) == (0, "")
    palette = read_palette_file("ours.gpl")
    assert len(palette) == 6
    assert palette.colors[0] == (255, 255, 255)
    assert all(parse_gamut("rgb444").holds(color) for color in palette.colors)


def test_a_single_picture_gets_what_optimize_finds(run: Callable[..., Any], photo: Path) -> None:
    learned = run("palette", "learn", photo.name, "--colors", "5", *FAST).out.decode().split()
    told = run("optimize", photo.name, "--colors", "5", *FAST, "--json", "-o", "x.png")
    assert [f"#{color}" for color in learned] == json.loads(told.out)["palette"]


def test_what_cannot_be_learned_is_refused(run: Callable[..., Any], pair: tuple[str, str]) -> None:
    ended = run("palette", "learn", *pair, "--gamut", "rgb332", "--lock", "#808080")
    assert (ended.code, ended.out) == (2, b"")
    assert "Locked colors must be of the gamut, got #808080. Lock #9292aa" in ended.err
    assert run("palette", "learn").code == 2
    assert "256" in run("palette", "learn", *pair, "--colors", "300").err


def test_the_best_palette_comes_first(run: Callable[..., Any], photo: Path, folder: Path) -> None:
    words = ("--among", "pico-8", "--among", "game-boy", "--among", "#000,#fff", "--jobs", "1")
    ended = run("palette", "rank", photo.name, *words, "--json", "--report", "rank.html")
    assert (ended.code, ended.err) == (0, "")
    told = json.loads(ended.out)
    costs = [entry["figures"]["cost"] for entry in told["palettes"]]
    assert costs == sorted(costs)
    assert {entry["name"] for entry in told["palettes"]} == {"pico-8", "game-boy", "#000,#fff"}
    assert told["palettes"][0]["name"] == "pico-8"
    assert [entry["rank"] for entry in told["palettes"]] == [1, 2, 3]
    page = (folder / "rank.html").read_text()
    assert page.count("data:image/png") == 4
    assert str(folder) not in page


def test_processes_find_the_same_order(run: Callable[..., Any], photo: Path) -> None:
    words = ("palette", "rank", photo.name, "--among", "ega", "--among", "cga", "-q", "--json")
    alone, several = (
        json.loads(run(*words, "--jobs", jobs).out)["palettes"] for jobs in ("1", "2")
    )
    assert [entry["figures"] for entry in alone] == [entry["figures"] for entry in several]


def test_a_curve_answers_how_many_colors_are_needed(
    run: Callable[..., Any], photo: Path, folder: Path
) -> None:
    words = (
        "palette",
        "curve",
        photo.name,
        "--colors",
        "2..3",
        "--jobs",
        "1",
        "--max-pixels",
        "50",
    )
    ended = run(*words, "--target", "cost=1", "--json", "--report", "curve.html")
    assert (ended.code, ended.err) == (0, "")
    told = json.loads(ended.out)
    assert told["target"] == {"figure": "cost", "value": 1.0, "colors": 2}
    assert len(told["points"]) == 6 * 2
    page = (folder / "curve.html").read_text()
    assert "2 learned colors reach cost 1" in page
    assert page.count("<svg") >= 3


def test_a_target_out_of_reach_is_told(run: Callable[..., Any], photo: Path) -> None:
    words = (
        "palette",
        "curve",
        photo.name,
        "--colors",
        "2..2",
        "--jobs",
        "1",
        "--max-pixels",
        "50",
    )
    told = run(*words, "--target", "lp=99").out.decode()
    assert "No learned palette of up to 2 colors reaches lp 99." in told


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("rank", "photo.png", "--among", "pico8"), "`--among` must be a name"),
        (("rank", "photo.png", "--among", "ega", "--among", "ega"), "got ega twice"),
        (("rank", "photo.png", "--max-pixels", "0"), "`--max-pixels` must be at least 1, got 0"),
        (("rank", "photo.png", "--report", "x.txt"), "ends in .json or .html"),
        (("curve", "photo.png", "--colors", "9"), "`--colors` must be LOW..HIGH"),
        (("curve", "photo.png", "--target", "x"), "`--target` must be METRIC=VALUE"),
    ],
)
def test_wrong_words_are_refused(
    words: tuple[str, ...], message: str, run: Callable[..., Any], photo: Path
) -> None:
    ended = run("palette", *words)
    assert (ended.code, ended.out) == (2, b"")
    assert message in ended.err
