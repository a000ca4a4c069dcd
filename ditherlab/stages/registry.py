"""Stages by name, and stages of the user's own."""

from ditherlab.estimators import ESTIMATORS
from ditherlab.models import MODELS, Model
from ditherlab.optimizers import OPTIMIZERS
from ditherlab.protocol import Estimator, Optimizer
from ditherlab.schedules import Temperatures, parse_temperatures
from ditherlab.specs import Registry
from ditherlab.stages.cells import Cells
from ditherlab.stages.cross_entropy import CrossEntropy
from ditherlab.stages.descend import Descend
from ditherlab.stages.draw import Draw
from ditherlab.stages.error_diffusion import ErrorDiffusion
from ditherlab.stages.gibbs_with_gradients import GibbsWithGradients
from ditherlab.stages.learn_model import LearnModel
from ditherlab.stages.learn_palette import LearnPalette
from ditherlab.stages.nearest import Nearest
from ditherlab.stages.polish import Polish
from ditherlab.stages.python_stage import PythonStage
from ditherlab.stages.stage import Stage

_PARTS = {
    Estimator: ESTIMATORS.parse,
    Optimizer: OPTIMIZERS.parse,
    Model: MODELS.parse,
    Temperatures: parse_temperatures,
}

STAGES: Registry[Stage] = Registry.of(
    "stage",
    [
        LearnPalette,
        Nearest,
        ErrorDiffusion,
        Cells,
        Descend,
        LearnModel,
        GibbsWithGradients,
        CrossEntropy,
        Draw,
        Polish,
    ],
    parts=_PARTS,
)

# Stages that `--method` names: they improve a picture without a gradient of probabilities.
METHODS: Registry[Stage] = Registry.of("method", [GibbsWithGradients, CrossEntropy])


def parse_stage(words: str) -> Stage:
    """Read `name`, `name(parameter=value, ...)` or `python:FILE.py:name(...)`.

    Raises:
        RequestError: For an unknown stage or parameter, or a value of the wrong kind.
    """
    if words.startswith("python:"):
        return PythonStage.parse(words, _PARTS)
    return STAGES.parse(words)
