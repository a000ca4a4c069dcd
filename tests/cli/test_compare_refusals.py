"""Comparisons that `ditherlab compare` refuses or leaves out."""

import json
import re

import numpy as np
import pytest
from PIL import Image


def test_a_report_must_have_a_form_that_the_command_knows(run, photo):
    ended = run("compare", photo, "--report", "page.pdf")
    assert (ended.code, ended.err) == (
        2,
        "Error: `--report` must be a file that ends in .json or .html, got 'page.pdf'.\n",
    )
    ended = run("optimize", photo, "--report", "page.html")
    assert "must be a file that ends in .json, got 'page.html'" in ended.error


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--crop", "64"], 2, "`--crop` must be WxH+X+Y in pixels, got '64'"),
        (["--crop", "30x30+0+0"], 2, "must lie inside the picture of 32 x 24 pixels"),
        (["--crop", "0x5+0+0"], 2, "must lie inside"),
        (["--samples", "0"], 2, "0 is not in the range"),
        (["--estimators", "all,st"], 2, "`all` must stand alone, got 'all,st'"),
        (["--at", "nan.npy", "--colors", "2"], 2, "The logits must be finite"),
        (["--at", "large.npy", "--colors", "2"], 2, "The logits must be finite"),
        (["--estimators", "reinmx"], 2, "Unknown estimator `reinmx`. Did you mean `reinmax`?"),
        (["--estimators", "arm"], 2, "`arm` needs a palette of 2 colors, got 16"),
        (["--objective", "variance", "--estimators", "st"], 2, "does not offer"),
        (["--at", "nowhere.npy"], 2, "or a .npy file that exists, got 'nowhere.npy'"),
        (["--at", "photo.png"], 2, "'photo.png' is not a .npy file of numbers"),
        (["--at", "wrong.npy"], 2, "must have the shape [16, 24, 32] (colors, height, width)"),
        (["--repetitions", "1"], 2, "1 is not in the range"),
        (["--colors", "2", "--palette", "cga"], 2, "give one of the two"),
    ],
)
def test_what_cannot_be_compared_is_refused(words, code, message, run, photo):
    np.save("wrong.npy", np.zeros((3, 4, 4)))
    np.save("nan.npy", np.full((2, 24, 32), np.nan))
    np.save("large.npy", np.full((2, 24, 32), 1e300))
    ended = run("compare", photo, *words)
    assert ended.code == code
    assert message in ended.error


def test_a_transparent_picture_is_refused(run, folder):
    Image.new("RGBA", (12, 12)).save("nothing.png")
    for colors in (("--colors", "2"), ("--palette", "cga")):
        ended = run("compare", "nothing.png", *colors)
        assert ended.code == 1
        assert "must have a pixel that is not transparent, got none in 12 x 12" in ended.error


def test_what_is_left_out_is_named(run, photo):
    words = ("--samples", "1", "--colors", "2", "--repetitions", "2", "--gradients-only")
    ended = run("compare", photo, *words, "--crop", "12x12+0+0")
    assert ended.code == 0, ended.err
    told = [line for line in ended.out.decode().splitlines() if line.startswith("Left out: ")]
    assert len(set(told)) == len(told)
    assert any(line.startswith("Left out: leave-one-out: `leave-one-out(") for line in told)


def test_what_does_not_fit_into_memory_is_left_out_or_refused(run, photo, monkeypatch):
    needs = "needs about .* of memory for .*, and .* are allowed"
    words = ("--colors", "2", "--repetitions", "2", "--gradients-only", "--json")
    free = 1_333_334
    monkeypatch.setattr("ditherlab.solver.memory.free_memory_bytes", lambda _: free)
    ended = run("compare", photo, *words)
    assert ended.code == 0, ended.err
    document = json.loads(ended.out)
    large = [e["name"] for e in document["left_out"] if re.search(needs, e["reason"])]
    assert large
    assert document["estimators"]
    ended = run("compare", photo, *words, "--estimators", large[0])
    assert ended.code == 1
    assert re.search(needs, ended.error)
    free = 1
    assert run("compare", photo, *words).code == 1
