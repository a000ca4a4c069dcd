"""The choice among palettes, and what it takes."""

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from ditherlab.images import Picture
from ditherlab.palette import parse_gamut
from ditherlab.problem.problem import Problem
from ditherlab.randomness import seeded_generator
from ditherlab.solver.solver import optimize
from ditherlab.stages.budget import Budget
from ditherlab.stages.palette_choice import choose_palette

# Two sweeps of four classes, and the price in the end.
EACH = 9


def ramp(**options: Any) -> Problem:
    levels = np.linspace(40, 200, 24).astype(np.uint8)
    pixels = np.stack([np.tile(levels, (24, 1))] * 3, axis=2)
    picture = Picture(pixels, opaque=np.ones((24, 24), dtype=bool))
    return Problem(picture=picture, palette=2, **options)


def choose(problem: Problem, least_gain: float = 0.0) -> tuple[list[float], Budget]:
    target = problem.target()
    palettes = [torch.tensor([[[low], [0.9]]]) for low in (0.8, 0.1, 0.6)]
    budget = Budget(problem, time.monotonic())
    with torch.no_grad():
        generator = seeded_generator(0, torch.device("cpu"))
        cost = problem.objective.bind(target)
        found = choose_palette(palettes, cost, target, generator, budget, least_gain=least_gain)
    return found[0, :, 0].tolist(), budget


def test_the_cheapest_palette_is_chosen_and_paid_for() -> None:
    found, budget = choose(ramp())
    assert found == pytest.approx([0.1, 0.9])
    assert budget.num_evaluations == 3 * EACH


def test_the_first_is_kept_where_others_gain_too_little() -> None:
    assert choose(ramp(), least_gain=0.05)[0] == pytest.approx([0.1, 0.9])
    assert choose(ramp(), least_gain=0.9999)[0] == pytest.approx([0.8, 0.9])


@pytest.mark.parametrize("limits", [{"max_evaluations": 2 * EACH}, {"max_seconds": 1e-6}])
def test_the_first_is_kept_where_the_budget_ends(limits: dict[str, Any]) -> None:
    found, budget = choose(ramp(**limits))
    assert found == pytest.approx([0.8, 0.9])
    assert budget.num_evaluations <= 2 * EACH


@pytest.mark.parametrize("num_starts", [1, 2])
def test_a_run_within_a_gamut_pays_for_its_choice(num_starts: int) -> None:
    free = ramp(num_palette_starts=num_starts, num_steps=20, num_sweeps=1)
    problem = replace(free, gamut=parse_gamut("bits=2"))
    spent, without = (optimize(p).history.num_evaluations for p in (problem, free))
    # For what was learned from each start, beside its rounded palette.
    assert spent == without + num_starts * 2 * EACH
