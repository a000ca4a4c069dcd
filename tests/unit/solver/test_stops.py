"""Runs that are stopped or fail on the way: what is kept, and what is said."""

import re

import numpy as np
import pytest

from ditherlab.estimators import ScoreFunction
from ditherlab.objectives import ViewedError
from ditherlab.palette import named_palette
from ditherlab.palette.hardware_gamut import parse_gamut
from ditherlab.problem import LearnedPalette, Limits, Problem
from ditherlab.recipe import Recipe
from ditherlab.solver.solver import optimize
from ditherlab.stages.descend import Descend
from ditherlab.stages.draw import Draw
from ditherlab.stages.nearest import Nearest
from tests.objectives import Brightness
from tests.solving import ticking

PICO_8 = named_palette("pico-8")

# On a picture of so many pixels the score function leads uphill.
UPHILL = Recipe((Nearest(), Descend(ScoreFunction(), steps=40), Draw()))


def stopping_after(num_reports):
    """Arguments of a run that reports every step, and is asked to stop after some."""
    snapshots = []
    return {
        "on_progress": snapshots.append,
        "should_stop": lambda: len(snapshots) >= num_reports,
        "seconds_between_reports": 0,
        "device": "cpu",
    }


def test_a_descent_that_is_stopped_uphill_returns_to_the_best_state(photo):
    problem = Problem(picture=photo, palette=PICO_8, objective=ViewedError())
    stopped = optimize(problem, UPHILL, **stopping_after(35))
    assert stopped.outcome == "interrupted"
    first, *_, end, restored = stopped.history.snapshots
    assert end.cost > first.cost > restored.cost
    (note,) = stopped.notes
    assert re.search("cost rose to .* The picture is the best one seen, of step [0-9], at", note)
    assert f"at {restored.cost:.4g}." in note
    start = optimize(problem, "nearest", device="cpu")
    assert (stopped.indices != start.indices).mean() < 0.2


def test_what_is_restored_does_not_depend_on_reports(photo):
    problem = Problem(picture=photo, palette=PICO_8, objective=ViewedError())
    often = optimize(problem, UPHILL, device="cpu", seconds_between_reports=0)
    seldom = optimize(problem, UPHILL, device="cpu", clock=ticking(1e-9))
    assert often.notes == seldom.notes
    assert len(often.history.snapshots) > len(seldom.history.snapshots)
    assert np.array_equal(often.indices, seldom.indices)


@pytest.mark.parametrize("num_reports", [1, 4, 9])
def test_colors_of_a_stopped_descent_are_those_of_the_hardware(num_reports, photo):
    palette = LearnedPalette(5, gamut=parse_gamut("rgb444"))
    problem = Problem(picture=photo, palette=palette)
    recipe = "nearest | descend(steps=500) | draw"
    solution = optimize(problem, recipe, **stopping_after(num_reports))
    assert solution.outcome == "interrupted"
    assert all(channel % 17 == 0 for color in solution.palette.colors for channel in color)


def test_a_single_nan_between_two_reports_is_seen(photo):
    recipe = Recipe((Nearest(), Descend(ScoreFunction(num_samples=1), steps=50), Draw()))
    problem = Problem(picture=photo, palette=PICO_8, objective=Brightness(nan_at=20))
    snapshots = []
    solution = optimize(
        problem, recipe, on_progress=snapshots.append, seconds_between_reports=1e9, device="cpu"
    )
    assert solution.outcome == "not-finite"
    assert 0 < solution.num_steps < 30
    assert len(snapshots) == 1
    assert solution.indices.max() > 0


@pytest.mark.parametrize("interrupt_at", [0, 1, 30])
def test_several_pictures_are_whole_wherever_a_step_is_interrupted(interrupt_at, photo):
    recipe = Recipe((Nearest(), Descend(ScoreFunction(num_samples=1), steps=50), Draw()))
    objective = Brightness(interrupt_at=interrupt_at)
    problem = Problem(picture=[photo, photo], palette=PICO_8, objective=objective)
    solution = optimize(problem, recipe, device="cpu")
    assert solution.outcome == "interrupted"
    assert solution.index_images.shape == (2, 32, 48)
    assert (np.ptp(solution.index_images, axis=(1, 2)) > 0).all()


def test_one_evaluation_is_the_limit_of_the_whole_run(photo):
    problem = Problem(picture=photo, palette=LearnedPalette(4))
    solution = optimize(problem, limits=Limits(evaluations=1), device="cpu")
    assert solution.outcome == "out-of-evaluations"
    assert solution.history.num_evaluations == 1
