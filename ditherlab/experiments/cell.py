"""A cell of a sweep: one picture, one setting of everything, one seed."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import ditherlab
from ditherlab.errors import DitherlabError
from ditherlab.estimators import ESTIMATORS
from ditherlab.experiments.cell_result import CellResult
from ditherlab.experiments.judging import measure_seen
from ditherlab.experiments.prices import PriceList
from ditherlab.images import Picture
from ditherlab.objectives import ObjectiveSum, PythonFunction, parse_objective
from ditherlab.optimizers import OPTIMIZERS
from ditherlab.palette import Palette
from ditherlab.problem.problem import Problem
from ditherlab.protocol import Objective
from ditherlab.request.optimize_request import OptimizeRequest
from ditherlab.solver.solution import Look, Solution
from ditherlab.solver.solver import optimize

_POINTS_PER_CURVE = 60
_BROKEN = {"not-finite": "The cost became infinite or NaN.", "cost-failed": "The cost failed."}


@dataclass(frozen=True, eq=False)
class Cell:
    """Everything that decides one result; complete in itself, so that any machine can run it.

    Attributes:
        picture: What is dithered, cropped.
        picture_hash: SHA-256 of the file that it came from, in hexadecimal digits.
        crop: Which part of it was taken; None for all.
        request: The settings; palettes are spelled out in colors.
        settings: What people call all this: the words of the file.
    """

    picture: Picture
    picture_hash: str
    crop: str | None
    request: OptimizeRequest
    settings: Mapping[str, Any]

    @cached_property
    def key(self) -> str:
        """The hash of everything that decides the result, the program's version included."""
        request = self.request
        estimator, optimizer = request.estimator, request.optimizer
        content = {
            "ditherlab": ditherlab.__version__,
            "picture": self.picture_hash,
            "crop": self.crop,
            **asdict(request),
            # What the words mean: their spelling decides nothing.
            "objective": _meaning(parse_objective(request.objective)),
            "estimator": estimator and repr(ESTIMATORS.parse(estimator)),
            "optimizer": optimizer and repr(OPTIMIZERS.parse(optimizer)),
        }
        words = json.dumps(content, sort_keys=True)
        return hashlib.sha256(words.encode()).hexdigest()

    def failure(self, error: str) -> CellResult:
        """Record that it could not be done."""
        return CellResult.failure(self.key, ditherlab.__version__, self.settings, error)


def carry_out(cell: Cell) -> CellResult | None:
    """Run a cell and judge its picture; what executors are given.

    Returns:
        What came of it, failures included; None if it was interrupted.
    """
    try:
        solution = optimize(cell.request.problem(cell.picture))
        return None if solution.outcome == "interrupted" else _judge(cell, solution)
    except DitherlabError as error:
        return cell.failure(str(error))
    except MemoryError:
        return cell.failure("There is not enough memory. Make the picture smaller.")


def _meaning(objective: Objective) -> object:
    """Say what an objective is, in full and without the places of files."""
    if isinstance(objective, ObjectiveSum):
        return [(weight, _meaning(part)) for weight, part in objective.terms]
    return objective.code_words if isinstance(objective, PythonFunction) else repr(objective)


def _judge(cell: Cell, solution: Solution) -> CellResult:
    problem, history = solution.problem, solution.history
    looks = history.looks
    error = _BROKEN.get(solution.outcome) and (solution.failure or _BROKEN[solution.outcome])
    return CellResult(
        key=cell.key,
        version=ditherlab.__version__,
        settings=cell.settings,
        outcome=solution.outcome,
        error=error,
        cost=_price(solution),
        expected_cost=looks[-1].cost if looks and math.isfinite(looks[-1].cost) else None,
        metrics=_measure(solution),
        seconds=round(solution.seconds, 3),
        steps=solution.num_steps,
        evaluations=history.num_evaluations,
        backward_passes=history.num_backward_passes,
        palette=tuple(solution.palette.hex),
        colors_used=solution.num_colors_used,
        device=str(problem.chosen_device),
        curve=_thin(looks),
    )


def _price(solution: Solution) -> float | None:
    """Return what the finished picture costs."""
    problem = solution.problem
    if not problem.picture.opaque.any():
        return None
    if not isinstance(problem.palette, Palette):
        problem = _with_found_palette(solution)
    prices = PriceList.of(problem)
    try:
        return prices.price(solution.indices)
    finally:
        prices.cost.close()


def _with_found_palette(solution: Solution) -> Problem:
    return solution.problem.with_palette(solution.palette)


def _measure(solution: Solution) -> dict[str, float | None]:
    target = solution.problem.source_target()
    picture = solution.show(solution.indices, target)
    return measure_seen(target.images, picture, target.opaque)


def _thin(looks: tuple[Look, ...]) -> dict[str, tuple[float, ...]]:
    """Keep the first look, the last, and some between them."""
    stride = max(1, math.ceil((len(looks) - 1) / (_POINTS_PER_CURVE - 1)))
    kept = [look for look in (*looks[:-1:stride], *looks[-1:]) if math.isfinite(look.cost)]
    return {
        "seconds": tuple(round(look.seconds, 3) for look in kept),
        "evaluations": tuple(look.num_evaluations for look in kept),
        "expected_cost": tuple(look.cost for look in kept),
    }
