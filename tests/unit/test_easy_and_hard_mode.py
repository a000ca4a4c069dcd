"""The two examples of differentiating through a mean of draws print what their first lines say."""

import re
import runpy
from pathlib import Path

import pytest
import torch

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.fixture
def run(capsys):
    def call(name):
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        return capsys.readouterr().out

    return call


def test_in_easy_mode_the_derivative_goes_into_the_mean(run):
    (off,) = re.findall(r"at most ([\d.]+) standard errors off", run("easy_mode.py"))
    assert float(off) < 4.5


def test_in_hard_mode_it_loses_a_term_that_the_score_brings_back(run):
    found = re.findall(
        r"(logits|palette): the derivative of the (mean|surrogate) is ([\d.]+) off, length (\S+)",
        run("hard_mode.py"),
    )
    off = {(what, which): float(number) for what, which, number, _ in found}
    lengths = {(what, which): float(length) for what, which, _, length in found}
    assert max(off["logits", "surrogate"], off["palette", "surrogate"]) < 4.5
    assert min(off["logits", "mean"], off["palette", "mean"]) > 8
    # Of the logits nothing is left; of the palette so much that it seems right.
    assert lengths["logits", "mean"] == 0
    assert lengths["palette", "mean"] == pytest.approx(lengths["palette", "surrogate"], rel=0.2)


def test_the_surrogate_has_both_slopes():
    example = runpy.run_path(str(EXAMPLES / "hard_mode.py"))
    costs = torch.tensor([1.0, 3.0], requires_grad=True)
    log_chances = torch.tensor([-1.0, -2.0], requires_grad=True)
    slopes = torch.autograd.grad(example["surrogate"](costs, log_chances), [costs, log_chances])
    torch.testing.assert_close(slopes[0], torch.tensor([0.5, 0.5]))
    torch.testing.assert_close(slopes[1], torch.tensor([-1.0, 1.0]))
