"""`ditherlab optimize --model`: noise before rounding, and learned masks."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

QUICK = ("--steps", "20", "-o", "x.png")


def optimized(run: Callable[..., Any], photo: Path, *words: str) -> dict[str, Any]:
    ended = run("optimize", photo, *QUICK, *words, "--json")
    assert ended.code == 0, ended.err
    document: dict[str, Any] = json.loads(ended.out)
    return document


def test_a_mask_is_learned_and_told(run: Callable[..., Any], photo: Path) -> None:
    told = optimized(run, photo, "--palette", "black-and-white", "--model", "ordered(size=4)")
    assert np.array(told["parameters"]["mask"]).shape == (4, 4)
    assert told["expected_cost"]["last"] < told["expected_cost"]["first"]
    assert told["model"] == "ordered(size=4)"
    with Image.open("x.png") as written:
        assert json.loads(written.info["ditherlab"])["model"] == "ordered(size=4)"


@pytest.mark.parametrize("shape", ["uniform", "triangular", "normal", "logistic"])
def test_noise_is_learned_and_told(run: Callable[..., Any], photo: Path, shape: str) -> None:
    told = optimized(run, photo, "--palette", "gray-4", "--model", "noise", "--noise", shape)
    assert told["parameters"]["scale"] > 0
    assert told["expected_cost"]["last"] < told["expected_cost"]["first"]


@pytest.mark.parametrize(
    "words",
    [
        ("--palette", "pico-8", "--model", "noise(scope=channel)"),
        ("--palette", "pico-8", "--model", "noise(scope=pixel)"),
        ("--colors", "4", "--model", "ordered"),
        ("--palette", "gray-4", "--model", "noise", "--estimator", "leave-one-out"),
        ("--palette", "gray-4", "--model", "ordered", "--objective", "viewed-ssim"),
        ("--palette", "gray-4", "--model", "categorical"),
    ],
)
def test_what_goes_together_runs(
    run: Callable[..., Any], photo: Path, words: tuple[str, ...]
) -> None:
    told = optimized(run, photo, *words)
    assert told["outcome"] == "finished"
    assert ("parameters" in told) == ("categorical" not in words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--noise", "normal"],
            "`--noise` is the shape of the noise of the model `noise`: give both.",
        ),
        (
            ["--model", "ordered", "--noise", "normal"],
            "`--noise` is the shape of the noise of the model `noise`",
        ),
        (["--model", "noise", "--optimizer", "adam"], "the logits that `--optimizer` moves"),
        (["--model", "noise", "--polish", "flips"], "`--polish` has no effect with `--model`"),
        (["--model", "noise", "--sweeps", "5"], "`--sweeps` has no effect with `--model`"),
        (["--model", "noise", "--start", "nearest"], "`--start` has no effect with `--model`"),
        (
            ["--model", "noise", "--temperature", "1:0.1"],
            "`temperature` has no effect with `no",
        ),
        (["--model", "noise", "--objective", "variance(c=0.5)"], "expected cost of a drawn"),
        (["--model", "nose"], "Unknown model `nose`."),
    ],
)
def test_what_does_not_go_together_is_refused(
    run: Callable[..., Any], photo: Path, words: list[str], message: str
) -> None:
    ended = run("optimize", photo, "--palette", "gray-4", *QUICK, *words)
    assert ended.code == 2
    assert message in ended.error
    assert not Path("x.png").exists()


def test_without_time_it_says_what_is_shown(run: Callable[..., Any], photo: Path) -> None:
    words = ("--palette", "gray-4", "--model", "ordered", "--max-seconds", "1e-9", "-o", "x.png")
    ended = run("optimize", photo, *words)
    assert "before the first step: x.png shows the untrained model `ordered`." in ended.err


def test_a_machine_leaves_no_room_for_a_model(run: Callable[..., Any], photo: Path) -> None:
    ended = run("optimize", photo, "--cells", "zx-spectrum", "--model", "noise", "-o", "x.png")
    assert ended.code == 2
    assert "`--model` has no effect" in ended.error
