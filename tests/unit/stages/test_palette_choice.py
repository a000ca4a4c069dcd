"""The choice among palettes, and the evaluations that it takes."""

from typing import Any

import numpy as np
import pytest
import torch

from ditherlab.images import Picture
from ditherlab.palette import parse_gamut
from ditherlab.problem import Limits
from ditherlab.randomness import seeded_generator
from ditherlab.stages.palette_choice import choose_palette
from ditherlab.stages.stage import Bound
from tests.solving import polish_parts, problem_of, solve

# Two sweeps of four classes, and the price in the end; in the kernels, two sweeps of one tile.
EACH_IN_TORCH = 2 * 4 + 1
EACH = 2 * polish_parts() + 1


def ramp() -> Picture:
    levels = np.linspace(40, 200, 24).astype(np.uint8)
    pixels = np.stack([np.tile(levels, (24, 1))] * 3, axis=2)
    return Picture(pixels, opaque=np.ones((24, 24), dtype=bool))


def choose(least_gain: float = 0.0) -> tuple[list[float], int]:
    problem = problem_of(ramp(), palette=2)
    palettes = [torch.tensor([[[low], [0.9]]]) for low in (0.8, 0.1, 0.6)]
    bound = Bound.of(problem, problem.target())
    num_evaluations = 0
    choice = choose_palette(palettes, bound, seeded_generator(0), least_gain=least_gain)
    while True:
        try:
            num_evaluations += next(choice).num_evaluations
        except StopIteration as ended:
            return ended.value[0, :, 0].tolist(), num_evaluations


def test_the_cheapest_palette_is_chosen_and_paid_for() -> None:
    found, num_evaluations = choose()
    assert found == pytest.approx([0.1, 0.9])
    assert num_evaluations == 3 * EACH_IN_TORCH


def test_the_first_is_kept_where_others_gain_too_little() -> None:
    assert choose(least_gain=0.05)[0] == pytest.approx([0.1, 0.9])
    assert choose(least_gain=0.9999)[0] == pytest.approx([0.8, 0.9])


@pytest.mark.parametrize("starts", [1, 2])
def test_a_run_within_a_gamut_pays_for_its_choice(starts: int) -> None:
    settings: dict[str, Any] = {"palette": 2, "starts": starts, "steps": 20, "sweeps": 1}
    gamut = parse_gamut("bits=2")
    spent, without = (
        solve(ramp(), **settings, **limit).history.num_evaluations
        for limit in ({"gamut": gamut}, {})
    )
    # For the palette that was learned from each start, beside its rounded one.
    assert spent == without + starts * 2 * EACH


def test_the_first_palette_is_kept_if_the_evaluations_end_in_the_choice() -> None:
    settings: dict[str, Any] = {"palette": 2, "starts": 2, "steps": 20, "sweeps": 1, "start": None}
    one = solve(ramp(), **{**settings, "starts": 1, "polish": "none"})
    # Of 115, .4 are for learning: 21 for each start, and less than a choice takes.
    cut = solve(ramp(), limits=Limits(evaluations=115), **{**settings, "polish": "none"})
    assert cut.palette == one.palette
