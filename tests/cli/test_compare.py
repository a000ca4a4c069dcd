"""`ditherlab compare`: figures of gradients, and what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

FIGURES = {
    "name",
    "words",
    "unbiased",
    "bias",
    "bias_floor",
    "variance",
    "relative_error",
    "cosine",
    "evaluations",
    "backward_passes",
    "ms_per_gradient",
    "num_repetitions",
}


@pytest.fixture
def compare(run: Callable[..., Any], photo: Path) -> Callable[..., dict[str, Any]]:
    def call(*arguments: object) -> dict[str, Any]:
        ended = run("compare", photo, "--repetitions", "3", "--json", *arguments)
        assert ended.code == 0, ended.err
        document: dict[str, Any] = json.loads(ended.out)
        return document

    return call


def test_all_estimators_that_fit_are_compared_and_the_others_named(compare):
    document = compare("--colors", "4", "--samples", "2", "--repetitions", "2")
    names = {estimator["name"] for estimator in document["estimators"]}
    assert {"leave-one-out", "linstat", "moments", "reinmax"} <= names
    reasons = {entry["name"]: entry["reason"] for entry in document["left_out"]}
    assert reasons.keys() == {"arm", "disarm", "carms", "exact", "unordered-set"}
    assert "needs a palette of 2 colors" in reasons["arm"]
    assert "must be at least 3, got 2" in reasons["carms"]
    assert "at most 65536 pictures, got 4 colors on 32 x 24 pixels" in reasons["exact"]
    assert all(set(estimator) == FIGURES for estimator in document["estimators"])
    assert document["complete"]


def test_two_colors_let_antithetic_pairs_in(compare):
    document = compare("--palette", "black-and-white", "--estimators", "arm,disarm")
    assert [estimator["evaluations"] for estimator in document["estimators"]] == [2, 2]


def test_an_exact_expectation_is_its_own_reference(compare):
    document = compare("--objective", "viewed-error", "--colors", "3", "--estimators", "moments,st")
    moments, straight_through = document["estimators"]
    assert document["reference"]["relative_error"] == 0
    assert moments["relative_error"] < 1e-5 < straight_through["relative_error"]


def test_a_crop_and_given_logits_place_the_comparison(compare):
    np.save("logits.npy", np.zeros((2, 12, 14)))
    document = compare(
        "--crop", "14x12+3+2", "--at", "logits.npy", "--colors", "2", "--estimators",
        "leave-one-out(num_samples=3, credit=local),moments(order=0)",
    )  # fmt: skip
    assert (document["width"], document["height"]) == (14, 12)
    assert [estimator["words"] for estimator in document["estimators"]] == [
        "leave-one-out(num_samples=3, credit=local)",
        "moments(order=0)",
    ]


def test_the_table_is_for_people(run, photo):
    ended = run("compare", photo, "--repetitions", "2", "--estimators", "st", "--colors", "2")
    assert ended.code == 0
    table = ended.out.decode()
    assert table.splitlines()[1].startswith("st ")
    assert "Reference: 8 x leave-one-out" in table


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--crop", "64"], 2, "`--crop` must be WxH+X+Y in pixels, got '64'"),
        (["--crop", "30x30+0+0"], 1, "must lie inside the picture of 32 x 24 pixels"),
        (["--crop", "0x5+0+0"], 1, "must lie inside"),
        (["--estimators", "reinmx"], 2, "Unknown estimator `reinmx`. Did you mean `reinmax`?"),
        (["--estimators", "arm"], 2, "`arm` needs a palette of 2 colors, got 16"),
        (["--objective", "variance", "--estimators", "st"], 2, "does not offer"),
        (["--at", "nowhere.npy"], 2, "or a .npy file that exists, got 'nowhere.npy'"),
        (["--at", "photo.png"], 2, "'photo.png' is no .npy file of numbers"),
        (["--at", "wrong.npy"], 2, "must have the shape [16, 24, 32] (colors, height, width)"),
        (["--repetitions", "1"], 2, "1 is not in the range"),
        (["--colors", "2", "--palette", "cga"], 2, "give one of the two"),
    ],
)
def test_what_cannot_be_compared_is_refused(words, code, message, run, photo):
    np.save("wrong.npy", np.zeros((3, 4, 4)))
    ended = run("compare", photo, *words)
    assert ended.code == code
    assert message in ended.error
