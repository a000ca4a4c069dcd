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
        (["gibbs-with-gradients", "--steps", "5"], "`--steps` has no part in"),
        (["cross-entropy", "--sweeps", "5"], "`--sweeps` has no part in"),
        (["cross-entropy", "--samples", "5"], "`--samples` has no part in"),
        (["cross-entropy", "--learning-rate", "0.1"], "`--learning-rate` has no part in"),
        (
            ["cross-entropy", "--objective", "png-bytes"],
            "What works: `cross-entropy(credit=global)`.",
        ),
        (["cross-entropy", "--estimator", "st"], "`estimator` has no part. Leave"),
        (["cross-entropy", "--model", "noise"], "`model` has no part. Leave"),
        (["simulated-annealing"], "Unknown method `simulated-annealing`."),
    ],
)
def test_what_has_no_part_in_it_is_refused(
    run: Callable[..., Any], photo: Path, words: list[str], message: str
) -> None:
    ended = run("optimize", photo, *GRAY, "--method", *words)
    assert ended.code == 2
    assert message in ended.error
