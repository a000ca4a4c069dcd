"""Differentiable dithering: pictures in few colors, optimized against what the eye sees.

Names are loaded when they are first used, so that `import ditherlab` does not wait for torch.
"""

from typing import TYPE_CHECKING

from ditherlab.lazy_names import lazy_names
from ditherlab.version import __version__ as __version__

if TYPE_CHECKING:
    from ditherlab.black_box import cost_function as cost_function
    from ditherlab.errors import DitherlabError as DitherlabError
    from ditherlab.estimators import ESTIMATORS as ESTIMATORS
    from ditherlab.images import Picture as Picture
    from ditherlab.images import ReadingOptions as ReadingOptions
    from ditherlab.images import read_picture as read_picture
    from ditherlab.metrics import measure as measure
    from ditherlab.objectives import OBJECTIVES as OBJECTIVES
    from ditherlab.objectives import parse_objective as parse_objective
    from ditherlab.palette import Palette as Palette
    from ditherlab.palette import resolve_palette as resolve_palette
    from ditherlab.problem import LearnedPalette as LearnedPalette
    from ditherlab.problem import Limits as Limits
    from ditherlab.problem import Problem as Problem
    from ditherlab.programs import LogitsEstimate as LogitsEstimate
    from ditherlab.programs import StochasticLayer as StochasticLayer
    from ditherlab.programs import estimate as estimate
    from ditherlab.programs import expected_cost as expected_cost
    from ditherlab.programs import expected_cost_and_state as expected_cost_and_state
    from ditherlab.recipe.default import Shorthands as Shorthands
    from ditherlab.recipe.default import default_recipe as default_recipe
    from ditherlab.recipe.recipe import Recipe as Recipe
    from ditherlab.request.optimize import optimize as optimize
    from ditherlab.solver.checkpoint import Checkpoint as Checkpoint
    from ditherlab.solver.solution import Solution as Solution
    from ditherlab.stages import STAGES as STAGES

_HOMES = {
    "Checkpoint": "solver.checkpoint",
    "DitherlabError": "errors",
    "ESTIMATORS": "estimators",
    "LearnedPalette": "problem",
    "Limits": "problem",
    "LogitsEstimate": "programs",
    "OBJECTIVES": "objectives",
    "Palette": "palette",
    "Picture": "images",
    "Problem": "problem",
    "ReadingOptions": "images",
    "Recipe": "recipe.recipe",
    "STAGES": "stages",
    "Shorthands": "recipe.default",
    "Solution": "solver.solution",
    "StochasticLayer": "programs",
    "cost_function": "black_box",
    "default_recipe": "recipe.default",
    "estimate": "programs",
    "expected_cost": "programs",
    "expected_cost_and_state": "programs",
    "measure": "metrics",
    "optimize": "request.optimize",
    "parse_objective": "objectives",
    "read_picture": "images",
    "resolve_palette": "palette",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605

__getattr__ = lazy_names(__name__, _HOMES)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
