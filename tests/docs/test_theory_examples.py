"""The examples that the dictionary of the theory names print what their first lines say."""

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


def test_the_walk_visits_the_posterior_and_descent_does_not(run):
    told = run("langevin.py")
    means = dict(re.findall(r"(posterior|Langevin|descent) +([\d.]+)", told))
    posterior, visited, ended = (float(means[w]) for w in ("posterior", "Langevin", "descent"))
    (error,) = re.findall(r"standard error ([\d.]+)", told)
    assert abs(visited - posterior) < 4.5 * float(error)
    assert ended < posterior - 0.1
    (spread,) = re.findall(r"within ([\d.]+)", told)
    assert float(spread) < 0.02


def test_paths_stand_still_on_stairs_and_moving_ends_refuse_the_score(run):
    exact, lines = {}, {}
    for block in re.split(r"\n(?=\S)", run("continuous_noise.py").strip()):
        head, *estimates = block.split("\n")
        family, price, number = re.fullmatch(r"(\w+), (\w+): exact (\S+)", head).groups()
        exact[family, price] = float(number)
        lines[family, price] = dict(line.strip().split(": ", 1) for line in estimates)
    assert len(lines) == 8
    for (family, price), told in lines.items():
        moves = family in ("Uniform", "Triangular")
        assert told["Score"].startswith("refused") == moves
        for name, words in told.items():
            if words.startswith("refused"):
                continue
            mean, error = map(float, re.match(r"(\S+), standard error (\S+)", words).groups())
            if price == "stairs" and name in ("Pathwise", "Implicit"):
                assert mean == error == 0
            else:  # Three decimals are told.
                assert abs(mean - exact[family, price]) < 4.5 * error + 0.002
