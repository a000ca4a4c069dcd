"""Stages by name, and stages of the user's own."""

from ditherlab.estimators import ESTIMATORS
from ditherlab.lazy_classes import LazyClasses
from ditherlab.models import MODELS, Model
from ditherlab.optimizers import OPTIMIZERS
from ditherlab.protocol import Estimator, Optimizer
from ditherlab.schedules import Temperatures, parse_temperatures
from ditherlab.specs import Registry
from ditherlab.stages.stage import Stage

_PACKAGE = "ditherlab.stages"

_PARTS = {
    Estimator: ESTIMATORS.parse,
    Optimizer: OPTIMIZERS.parse,
    Model: MODELS.parse,
    Temperatures: parse_temperatures,
}

STAGES: Registry[Stage] = Registry(
    "stage",
    LazyClasses(
        _PACKAGE,
        [
            "LearnPalette",
            "Nearest",
            "ErrorDiffusion",
            "Cells",
            "Descend",
            "LearnModel",
            "GibbsWithGradients",
            "CrossEntropy",
            "Draw",
            "Polish",
        ],
    ),
    parts=_PARTS,
    base=Stage,
)

# Stages that `--method` names: they improve a picture without a gradient of probabilities. One of
# the user's own is registered as a stage too, so that its recipe can be read.
METHODS: Registry[Stage] = Registry(
    "method", LazyClasses(_PACKAGE, ["GibbsWithGradients", "CrossEntropy"]), base=Stage
)


def parse_stage(words: str) -> Stage:
    """Read `name`, `name(parameter=value, ...)` or `python:FILE.py:name(...)`.

    Raises:
        RequestError: For an unknown stage or parameter, or a value of the wrong kind.
    """
    if words.startswith("python:"):
        from ditherlab.stages.python_stage import PythonStage

        return PythonStage.parse(words, _PARTS)
    return STAGES.parse(words)
