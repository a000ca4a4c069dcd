"""What a picture shall be good for: objectives to minimize."""

from ditherlab.objectives.objective_sum import ObjectiveSum
from ditherlab.objectives.registry import OBJECTIVES, parse_objective
from ditherlab.objectives.ssim import SSIM, ViewedSSIM
from ditherlab.objectives.variance import Variance
from ditherlab.objectives.viewed_error import ViewedError

__all__ = [
    "OBJECTIVES",
    "SSIM",
    "ObjectiveSum",
    "Variance",
    "ViewedError",
    "ViewedSSIM",
    "parse_objective",
]
