"""The stages of a recipe, one file each, and the state that they move."""

from typing import TYPE_CHECKING

from ditherlab.lazy_names import lazy_names
from ditherlab.stages.stage import Progress, Stage, StageContext, StageMemory
from ditherlab.stages.state import State

if TYPE_CHECKING:
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
    from ditherlab.stages.registry import METHODS, STAGES, parse_stage

__all__ = [
    "METHODS",
    "STAGES",
    "Cells",
    "CrossEntropy",
    "Descend",
    "Draw",
    "ErrorDiffusion",
    "GibbsWithGradients",
    "LearnModel",
    "LearnPalette",
    "Nearest",
    "Polish",
    "Progress",
    "PythonStage",
    "Stage",
    "StageContext",
    "StageMemory",
    "State",
    "parse_stage",
]

__getattr__ = lazy_names(
    __name__,
    {
        "Cells": "cells",
        "CrossEntropy": "cross_entropy",
        "Descend": "descend",
        "Draw": "draw",
        "ErrorDiffusion": "error_diffusion",
        "GibbsWithGradients": "gibbs_with_gradients",
        "LearnModel": "learn_model",
        "LearnPalette": "learn_palette",
        "METHODS": "registry",
        "Nearest": "nearest",
        "Polish": "polish",
        "PythonStage": "python_stage",
        "STAGES": "registry",
        "parse_stage": "registry",
    },
)
