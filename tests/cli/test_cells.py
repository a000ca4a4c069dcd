"""`ditherlab optimize --cells`: pictures for old machines."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ditherlab.cli.optimize import optimize as optimize_command
from ditherlab.discrete.cells import cell_rule, cell_rules

QUICK = ("--sweeps", "2", "-o", "x.png")


@pytest.mark.parametrize("machine", cell_rules())
def test_a_written_picture_obeys_the_machine(
    run: Callable[..., Any], photo: Path, machine: str
) -> None:
    ended = run("optimize", photo, "--cells", machine, *QUICK)
    assert ended.code == 0, ended.err
    written = Image.open("x.png")
    rule = cell_rule(machine)
    colors = written.getpalette()
    assert colors is not None
    assert colors[: 3 * len(rule.palette)] == [n for color in rule.palette.colors for n in color]
    assert rule.num_breaches(np.array(written)) == 0
    assert json.loads(written.info["ditherlab"])["cells"] == machine


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--palette", "ega"], "`--palette` says something else"),
        (["--colors", "4"], "`--colors` says something else"),
        (["--lock", "#000"], "`--lock` says something else"),
        (["--measured", "ega"], "`--measured` says something else"),
        (["--objective", "ssim"], "needs an objective that is a squared error"),
        (["--estimator", "moments"], "has no part: leave it out"),
        (["--steps", "3"], "has no part: leave it out"),
        (["--cells", "zx-81"], "must be a known machine, got 'zx-81'"),
    ],
)
def test_what_does_not_go_with_cells_is_refused(
    run: Callable[..., Any], photo: Path, words: list[str], message: str
) -> None:
    ended = run("optimize", photo, "--cells", "zx-spectrum", *QUICK, *words)
    assert ended.code == 2
    assert message in ended.error
    assert not Path("x.png").exists()


def test_every_machine_is_in_the_help() -> None:
    (option,) = (each for each in optimize_command.params if each.name == "cells")
    assert all(f"{machine} (" in option.help for machine in cell_rules())  # type: ignore[attr-defined]


def test_figures_are_not_compared_with_pictures_that_break_the_rule(
    run: Callable[..., Any], photo: Path
) -> None:
    ended = run("optimize", photo, "--cells", "zx-spectrum", *QUICK)
    table = ended.out.decode() + ended.err
    assert "ditherlab" in table
    assert "floyd-steinberg" not in table
