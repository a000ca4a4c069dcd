"""The stages of a recipe, one file each, and the state that they move."""

from ditherlab.stages.registry import METHODS, STAGES, parse_stage
from ditherlab.stages.stage import Progress, Stage, StageContext, StageMemory
from ditherlab.stages.state import State

__all__ = [
    "METHODS",
    "STAGES",
    "Progress",
    "Stage",
    "StageContext",
    "StageMemory",
    "State",
    "parse_stage",
]
