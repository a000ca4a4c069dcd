from dataclasses import replace
from typing import Any

import pytest

from ditherlab import Palette, Picture, Problem, parse_objective
from ditherlab.demand import memory_need
from ditherlab.estimators import ST, GumbelSoftmax, LeaveOneOut, Moments


@pytest.fixture
def problem(photo: Picture) -> Problem:
    return Problem(picture=photo, palette=Palette.from_hex(["000", "f00", "00f", "fff"]))


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
