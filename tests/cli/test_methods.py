"""`ditherlab optimize --method`: other ways to a picture than a gradient."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

GRAY = ("--palette", "gray-4", "-o", "x.png")


@pytest.mark.parametrize(
    "words",
    [
        ("--method", "gibbs-with-gradients", "--sweeps", "1"),
        ("--method", "cross-entropy(num_samples=4)", "--steps", "5"),
        ("--method", "cross-entropy", "--max-seconds", "0.5"),
        ("--method", "cross-entropy(num_samples=4)", "--steps", "5", "--polish", "flips"),
        ("--method", "descent"),
    ],
)
def test_it_makes_a_picture(run: Callable[..., Any], photo: Path, words: tuple[str, ...]) -> None:
    ended = run("optimize", photo, *GRAY, *words, "--json")
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    assert told["outcome"] == ("out-of-time" if "--max-seconds" in words else "finished")
    assert told["colors_used"] == 4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["gibbs-with-gradients", "--steps", "5"], "`--steps` has no effect with"),
        (["cross-entropy", "--sweeps", "5"], "`--sweeps` has no effect with"),
        (["cross-entropy", "--samples", "5"], "`--samples` has no effect with"),
        (["cross-entropy", "--learning-rate", "0.1"], "`--learning-rate` has no effect with"),
        (
            ["cross-entropy", "--objective", "png-bytes"],
            "What works: `cross-entropy(credit=global)`.",
        ),
        (
            ["cross-entropy", "--estimator", "st"],
            "`--estimator` has no effect with `--method` and a fixed palette",
        ),
        (["cross-entropy", "--model", "noise"], "`--method` has no effect with `--model`"),
        (["simulated-annealing"], "Unknown method `simulated-annealing`."),
    ],
)
def test_what_has_no_part_in_it_is_refused(
    run: Callable[..., Any], photo: Path, words: list[str], message: str
) -> None:
    ended = run("optimize", photo, *GRAY, "--method", *words)
    assert ended.code == 2
    assert message in ended.error


FUNCTION = """
import time

num_calls = 0


def off(picture, target):
    return float(abs(picture.astype(float) - target).mean())


def dies(picture, target):
    global num_calls
    num_calls += 1
    if num_calls > 20:
        raise ValueError("no more")
    return off(picture, target)


def nothing(picture, target):
    global num_calls
    num_calls += 1
    return float("nan") if num_calls > 20 else off(picture, target)


def hangs(picture, target):
    time.sleep(60)
    return 0.0
"""


@pytest.mark.parametrize(
    ("name", "outcome", "message"),
    [
        ("dies", "cost-failed", "no more"),
        ("nothing", "not-finite", "became infinite or NaN: x.png is the last good picture."),
        ("hangs", "out-of-time", "The time was up before the first step: x.png shows the nearest"),
    ],
)
def test_a_function_that_fails_or_hangs_leaves_a_picture(
    run: Callable[..., Any], photo: Path, name: str, outcome: str, message: str
) -> None:
    Path("mine.py").write_text(FUNCTION)
    method = "cross-entropy(num_samples=8, credit=global)"
    words = ("--method", method, "--objective", f"python:mine.py:{name}", "--max-seconds", "4")
    ended = run("optimize", photo, *GRAY, *words, "--json")
    assert ended.code == (0 if outcome == "out-of-time" else 1)
    assert message in ended.err
    told = json.loads(ended.out)
    assert told["outcome"] == outcome
    assert told["steps"] == len(told["costs"]) == (0 if name == "hangs" else 2)
    assert Path("x.png").exists()


def test_the_last_cost_is_that_of_the_picture(run: Callable[..., Any], photo: Path) -> None:
    words = ("--method", "cross-entropy(num_samples=4)", "--steps", "5")
    told = json.loads(run("optimize", photo, *GRAY, *words, "--json").out)
    assert told["cost_evaluations"] == 5 * 4 + 1
    assert told["expected_cost"]["last"] < min(told["costs"])
