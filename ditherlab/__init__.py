"""Differentiable dithering: pictures in few colors, optimized against what the eye sees.

`optimize` does it. Strategies are in the rooms `estimators`, `objectives`, `optimizers`, `models`
and `stages`, and by their words in `ESTIMATORS`, `OBJECTIVES`, `OPTIMIZERS`, `MODELS`, `STAGES` and
`METHODS`. Names are loaded when they are first used, so that `import ditherlab` does not wait for
torch.
"""

from typing import TYPE_CHECKING

from ditherlab.lazy_names import lazy_names
from ditherlab.version import __version__ as __version__

if TYPE_CHECKING:
    from ditherlab import estimators as estimators
    from ditherlab import metrics as metrics
    from ditherlab import models as models
    from ditherlab import objectives as objectives
    from ditherlab import optimizers as optimizers
    from ditherlab import proofs as proofs
    from ditherlab import stages as stages
    from ditherlab.black_box import cost_function as cost_function
    from ditherlab.errors import DitherlabError as DitherlabError
    from ditherlab.estimators import ESTIMATORS as ESTIMATORS
    from ditherlab.images import Picture as Picture
    from ditherlab.images import ReadingOptions as ReadingOptions
    from ditherlab.images import read_picture as read_picture
    from ditherlab.metrics import measure as measure
    from ditherlab.models import MODELS as MODELS
    from ditherlab.models import Model as Model
    from ditherlab.objectives import OBJECTIVES as OBJECTIVES
    from ditherlab.objectives import parse_objective as parse_objective
    from ditherlab.optimizers import OPTIMIZERS as OPTIMIZERS
    from ditherlab.palette import HardwareGamut as HardwareGamut
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
    from ditherlab.protocol import Cost as Cost
    from ditherlab.protocol import Estimate as Estimate
    from ditherlab.protocol import Estimator as Estimator
    from ditherlab.protocol import Objective as Objective
    from ditherlab.protocol import Optimizer as Optimizer
    from ditherlab.protocol import Target as Target
    from ditherlab.protocol.categorical import Categorical as Categorical
    from ditherlab.recipe.default import Shorthands as Shorthands
    from ditherlab.recipe.default import default_recipe as default_recipe
    from ditherlab.recipe.recipe import Recipe as Recipe
    from ditherlab.request.optimize import optimize as optimize
    from ditherlab.solver.checkpoint import Checkpoint as Checkpoint
    from ditherlab.solver.snapshot import History as History
    from ditherlab.solver.snapshot import Snapshot as Snapshot
    from ditherlab.solver.solution import Solution as Solution
    from ditherlab.specs import Registry as Registry
    from ditherlab.stages import METHODS as METHODS
    from ditherlab.stages import STAGES as STAGES
    from ditherlab.stages import Progress as Progress
    from ditherlab.stages import Stage as Stage
    from ditherlab.stages import StageContext as StageContext
    from ditherlab.stages import State as State

_HOMES = {
    "Categorical": "protocol.categorical",
    "Checkpoint": "solver.checkpoint",
    "Cost": "protocol",
    "DitherlabError": "errors",
    "ESTIMATORS": "estimators",
    "Estimate": "protocol",
    "Estimator": "protocol",
    "HardwareGamut": "palette",
    "History": "solver.snapshot",
    "LearnedPalette": "problem",
    "Limits": "problem",
    "LogitsEstimate": "programs",
    "METHODS": "stages",
    "MODELS": "models",
    "Model": "models",
    "OBJECTIVES": "objectives",
    "OPTIMIZERS": "optimizers",
    "Objective": "protocol",
    "Optimizer": "protocol",
    "Palette": "palette",
    "Picture": "images",
    "Problem": "problem",
    "Progress": "stages",
    "ReadingOptions": "images",
    "Recipe": "recipe.recipe",
    "Registry": "specs",
    "STAGES": "stages",
    "Shorthands": "recipe.default",
    "Snapshot": "solver.snapshot",
    "Solution": "solver.solution",
    "Stage": "stages",
    "StageContext": "stages",
    "State": "stages",
    "StochasticLayer": "programs",
    "Target": "protocol",
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

_ROOMS = (
    "estimators",
    "metrics",
    "models",
    "objectives",
    "optimizers",
    "proofs",
    "stages",
)

__all__ = sorted([*_HOMES, *_ROOMS])  # noqa: PLE0605

__getattr__ = lazy_names(__name__, _HOMES, _ROOMS)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
