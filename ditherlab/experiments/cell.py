"""A cell of a sweep: one picture, one setting of everything, one seed."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from ditherlab import version
from ditherlab.errors import DitherlabError
from ditherlab.estimators import ESTIMATORS
from ditherlab.experiments.cell_result import CellResult
from ditherlab.experiments.judging import measure_seen, price_against_source
from ditherlab.images import Picture
from ditherlab.naming import hide_folders
from ditherlab.objectives import ObjectiveSum, PythonFunction, as_objective
from ditherlab.optimizers import OPTIMIZERS
from ditherlab.protocol import Objective
from ditherlab.recipe import as_recipe
from ditherlab.request.optimize_request import OptimizeRequest
from ditherlab.solver.snapshot import Snapshot
from ditherlab.solver.solution import Solution

_POINTS_PER_CURVE = 60

# Results that were measured in another way have other keys.
_COST = "against the unchanged source, in color"
_BROKEN = {"not-finite": "The cost became infinite or NaN.", "cost-failed": "The cost failed."}


@dataclass(frozen=True, eq=False)
class Cell:
    """The full description of one run of a sweep; any machine can run it without other files.

    Attributes:
        picture: The cropped source picture.
        picture_hash: SHA-256 of the picture's file, in hexadecimal digits.
        crop: The part of the file's picture that is used; None for all.
        request: The settings; palettes are spelled out in colors.
        settings: The settings as written in the sweep's file, for reports.
    """

    picture: Picture
    picture_hash: str
    crop: str | None
    request: OptimizeRequest
    settings: Mapping[str, Any]

    @cached_property
    def key(self) -> str:
        """The hash of everything that determines the result, including the program's version."""
        request = self.request
        estimator, optimizer, recipe = request.estimator, request.optimizer, request.recipe
        content = {
            "ditherlab": version.__version__,
            "picture": self.picture_hash,
            "crop": self.crop,
            "cost": _COST,
            **asdict(request),
            # Parsed values, so that two spellings of the same setting have the same hash.
            "objective": _meaning(as_objective(request.objective)),
            "estimator": estimator and repr(ESTIMATORS.resolve(estimator)),
            "optimizer": optimizer and repr(OPTIMIZERS.resolve(optimizer)),
            "recipe": recipe and [stage.code_words for stage in as_recipe(recipe).stages],
        }
        text = json.dumps(content, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def failure(self, error: str) -> CellResult:
        """Return the result of a cell that could not be run."""
        public = hide_folders(error)
        return CellResult.failure(self.key, version.__version__, self.settings, public)


def carry_out(cell: Cell) -> CellResult | None:
    """Run a cell and measure its picture; this is the function that executors call.

    Returns:
        The result, which may be a failure; None if the run was interrupted.
    """
    try:
        solution = cell.request.job(cell.picture).run()
        return None if solution.outcome == "interrupted" else _judge(cell, solution)
    except DitherlabError as error:
        return cell.failure(str(error))
    except MemoryError:
        return cell.failure("There is not enough memory. Make the picture smaller.")


def _meaning(objective: Objective) -> object:
    """Return a full description of an objective, without the folders of files."""
    if isinstance(objective, ObjectiveSum):
        return [(weight, _meaning(part)) for weight, part in objective.terms]
    return objective.code_words if isinstance(objective, PythonFunction) else repr(objective)


def _judge(cell: Cell, solution: Solution) -> CellResult:
    history = solution.history
    snapshots = history.snapshots
    error = _BROKEN.get(solution.outcome) and (solution.failure or _BROKEN[solution.outcome])
    return CellResult(
        key=cell.key,
        version=version.__version__,
        settings=cell.settings,
        outcome=solution.outcome,
        error=error and hide_folders(error),
        # The same objective for fixed and learned palettes, which are one axis of a sweep.
        cost=price_against_source(cell.picture, solution, cell.request.read_objective()),
        expected_cost=_last_cost(snapshots),
        metrics=_measure(solution),
        seconds=round(solution.seconds, 3),
        steps=solution.num_steps,
        evaluations=history.num_evaluations,
        backward_passes=history.num_backward_passes,
        palette=tuple(solution.palette.hex),
        colors_used=solution.num_colors_used,
        device=str(solution.device),
        curve=_thin(snapshots),
    )


def _measure(solution: Solution) -> dict[str, float | None]:
    target = solution.problem.source_target(solution.device)
    picture = solution.show(solution.indices, target)
    return measure_seen(target.images, picture, target.opaque)


def _last_cost(snapshots: tuple[Snapshot, ...]) -> float | None:
    return snapshots[-1].cost if snapshots else None


def _thin(snapshots: tuple[Snapshot, ...]) -> dict[str, tuple[float, ...]]:
    """Return the curves of the first snapshot, the last one, and some between them."""
    stride = max(1, math.ceil((len(snapshots) - 1) / (_POINTS_PER_CURVE - 1)))
    kept = (*snapshots[:-1:stride], *snapshots[-1:])
    return {
        "seconds": tuple(round(snapshot.seconds, 3) for snapshot in kept),
        "evaluations": tuple(snapshot.num_evaluations for snapshot in kept),
        "expected_cost": tuple(snapshot.cost for snapshot in kept),
    }
