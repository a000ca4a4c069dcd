"""A problem, its recipe and its solution from one list of settings, for tests."""

import itertools
from collections.abc import Callable
from dataclasses import fields, replace
from types import SimpleNamespace
from typing import Any

from ditherlab.discrete.direct_binary_search import NUM_CLASSES
from ditherlab.kernels import kernels_for
from ditherlab.problem import LearnedPalette, Problem
from ditherlab.recipe import Recipe, Shorthands, default_recipe
from ditherlab.solver.solution import Solution
from ditherlab.solver.solver import optimize
from ditherlab.stages.learn_palette import LearnPalette
from ditherlab.stages.polish import Polish

_PROBLEM = {field.name for field in fields(Problem)}
_LEARNED = {field.name for field in fields(LearnedPalette)}
_SHORTHANDS = {field.name for field in fields(Shorthands)}
_COPY = {"pixels", "starts"}


def polish_parts() -> int:
    """Return the number of parts of a sweep over a small picture: one tile, or four classes."""
    return NUM_CLASSES if kernels_for("cpu") is None else 1


def num_polish_costs(sweeps: int) -> int:
    """Return the number of costs that a polish records: the kernels make sweeps together."""
    if kernels_for("cpu") is None:
        return NUM_CLASSES * sweeps
    search = SimpleNamespace(num_parts=1, num_sweeps_at_once=2)
    return sum(1 for _ in Polish(sweeps)._moves(search))


def problem_of(picture: Any, **settings: Any) -> Problem:
    """Return the problem of some settings; a number stands for a palette to learn."""
    own = {name: value for name, value in settings.items() if name in _PROBLEM}
    learned = {name: value for name, value in settings.items() if name in _LEARNED}
    if isinstance(own.get("palette"), int):
        own["palette"] = LearnedPalette(own["palette"], **learned)
    return Problem(picture=picture, **own)


def recipe_of(problem: Problem, **settings: Any) -> Recipe:
    """Return the default recipe, edited by the settings that are shorthands."""
    shorthands = {name: value for name, value in settings.items() if name in _SHORTHANDS}
    recipe = default_recipe(problem, Shorthands(**shorthands))
    copy = {name: value for name, value in settings.items() if name in _COPY}
    stages = (
        replace(stage, **copy) if isinstance(stage, LearnPalette) else stage
        for stage in recipe.stages
    )
    return Recipe(tuple(stages))


def solve(picture: Any, **settings: Any) -> Solution:
    """Solve the problem of some settings on the CPU; the rest are arguments of `optimize`."""
    problem = problem_of(picture, **settings)
    recipe = recipe_of(problem, **settings)
    known = _PROBLEM | _LEARNED | _SHORTHANDS | _COPY
    arguments = {name: value for name, value in settings.items() if name not in known}
    return optimize(problem, recipe, **{"device": "cpu", **arguments})


def ticking(step_s: float = 1.0) -> Callable[[], float]:
    """Return a clock that goes on by a step each time it is asked."""
    ticks = itertools.count()
    return lambda: next(ticks) * step_s
