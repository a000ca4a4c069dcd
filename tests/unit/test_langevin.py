"""The example of stochastic gradient MCMC visits its posterior, and descent does not."""

import re
import runpy
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "langevin.py"


def test_the_walk_visits_the_posterior_and_descent_does_not(capsys):
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    told = capsys.readouterr().out
    means = dict(re.findall(r"(posterior|Langevin|descent) +([\d.]+)", told))
    posterior, visited, ended = (float(means[w]) for w in ("posterior", "Langevin", "descent"))
    (error,) = re.findall(r"standard error ([\d.]+)", told)
    # Steps of finite size leave a bias of the order of the step.
    assert abs(visited - posterior) < 4.5 * float(error)
    assert ended < posterior - 0.1
    (spread,) = re.findall(r"within ([\d.]+)", told)
    assert float(spread) < 0.02
