from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ditherlab import Palette, Picture, Problem, parse_objective
from ditherlab.discrete.cross_entropy import CrossEntropy
from ditherlab.discrete.gibbs_with_gradients import GibbsWithGradients
from ditherlab.estimators import ST, GumbelSoftmax, LeaveOneOut, Moments
from ditherlab.models import Noise, Ordered
from ditherlab.objectives import Variance
from ditherlab.solver.memory_need import memory_need

COLORS = tuple((level, 255 - level, 0) for level in range(0, 256, 4))


@pytest.fixture
def problem(photo: Picture) -> Problem:
    """The estimator's steps and nothing else."""
    palette = Palette.from_hex(["000", "f00", "00f", "fff"])
    return Problem(picture=photo, palette=palette, start="nearest", polish="none")


def num_planes(problem: Problem, **changes: Any) -> float:
    need = memory_need(replace(problem, **changes))
    return need.num_planes + need.num_colors * need.num_planes_per_color


def test_the_need_is_that_of_the_picture_and_its_palette(problem: Problem) -> None:
    need = memory_need(problem)
    assert (need.width, need.height, need.num_colors) == (48, 32, 4)


def test_colors_to_learn_count_like_given_ones(problem: Problem) -> None:
    assert num_planes(problem, palette=4) == num_planes(problem)
    assert num_planes(problem, palette=64) > 1.5 * num_planes(problem)


def test_gray_needs_less_than_color(problem: Problem) -> None:
    assert num_planes(problem, palette=Palette.from_hex(["000", "555", "aaa", "fff"])) < num_planes(
        problem
    )


@pytest.mark.parametrize("objective", ["ssim", "viewed-ssim", "viewed-error+ssim"])
@pytest.mark.parametrize("estimator", [GumbelSoftmax(), ST(), LeaveOneOut()])
def test_windows_need_more(objective: str, estimator: Any, problem: Problem) -> None:
    windowed = num_planes(problem, objective=parse_objective(objective), estimator=estimator)
    assert windowed > num_planes(problem, estimator=estimator)


@pytest.mark.parametrize("estimator", [GumbelSoftmax, ST, LeaveOneOut])
def test_more_draws_need_more(estimator: Any, problem: Problem) -> None:
    few, many = (num_planes(problem, estimator=estimator(num_samples=n)) for n in (2, 20))
    assert many > few


def test_learning_a_palette_from_draws_needs_their_gradients(problem: Problem) -> None:
    fixed = num_planes(problem, estimator=LeaveOneOut())
    assert num_planes(problem, estimator=LeaveOneOut(), palette=4) > fixed


def test_the_default_needs_less_than_a_relaxation(problem: Problem) -> None:
    assert num_planes(problem, estimator=Moments()) < num_planes(problem, estimator=GumbelSoftmax())


def test_a_polish_needs_some_planes_whatever_the_colors(photo: Picture) -> None:
    few, many = (
        memory_need(Problem(picture=photo, palette=Palette(COLORS[:number]))) for number in (4, 64)
    )
    assert few.num_planes == many.num_planes > 90
    assert few.num_planes_per_color == many.num_planes_per_color == 0


@pytest.mark.parametrize("model", [Noise(), Ordered()], ids=str)
def test_a_model_needs_planes_for_each_color(model: Any, photo: Picture) -> None:
    few, many = (
        num_planes(Problem(picture=photo, palette=Palette(COLORS[:number]), model=model))
        for number in (4, 64)
    )
    assert many - few == 60 * model.num_planes_per_color > 60 * 14


def test_a_method_needs_what_it_says_and_not_what_steps_need(photo: Picture) -> None:
    problem = Problem(picture=photo, palette=Palette(COLORS[:4]), polish="none")
    few, many = (num_planes(problem, method=CrossEntropy(n)) for n in (2, 64))
    assert few == 2 * 11 + 4 * 7
    assert many - few == 62 * 11
    grays = Palette.from_hex(["000", "555", "aaa", "fff"])
    assert num_planes(problem, method=GibbsWithGradients()) == 200
    assert num_planes(problem, method=GibbsWithGradients(), palette=grays) == 90
    # The larger of the two: they follow each other.
    assert num_planes(problem, method=CrossEntropy(2), polish="flips") > 100
    assert num_planes(problem, method=CrossEntropy(64), polish="flips") == many


def test_colors_are_learned_on_a_copy_of_limited_size(photo: Picture) -> None:
    problem = Problem(picture=photo, palette=64, palette_px=1)
    large = np.zeros((4000, 4000, 3), dtype=np.uint8)
    picture = Picture(pixels=large, opaque=np.ones((4000, 4000), dtype=bool))
    copied = memory_need(replace(problem, picture=picture)).num_bytes
    whole = memory_need(replace(problem, picture=picture, start="nearest")).num_bytes
    assert copied < 0.2 * whole


def test_fitting_a_palette_needs_more_than_keeping_it(problem: Problem) -> None:
    assert memory_need(replace(problem, palette=4)).num_copies > 0
    assert memory_need(problem).num_copies == 0
    assert memory_need(replace(problem, palette=4, objective=Variance())).num_copies == 0
