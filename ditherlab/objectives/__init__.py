"""Objectives to minimize: visible error, SSIM, variance loss, Python functions and sums."""

from typing import TYPE_CHECKING

from ditherlab.lazy_names import lazy_names

if TYPE_CHECKING:
    from ditherlab.objectives.callable_objective import CallableObjective
    from ditherlab.objectives.conversion import as_objective
    from ditherlab.objectives.flip import FLIP
    from ditherlab.objectives.metric_objective import MetricObjective
    from ditherlab.objectives.objective_sum import ObjectiveSum
    from ditherlab.objectives.perceptual import Perceptual
    from ditherlab.objectives.piqe import PIQE
    from ditherlab.objectives.png_bytes import PngBytes
    from ditherlab.objectives.python_function import PythonFunction
    from ditherlab.objectives.python_words import place_files
    from ditherlab.objectives.registry import OBJECTIVES, parse_objective
    from ditherlab.objectives.ssim import SSIM, ViewedSSIM
    from ditherlab.objectives.torchmetrics_objective import TorchmetricsObjective
    from ditherlab.objectives.variance import Variance
    from ditherlab.objectives.viewed_error import ViewedError

__all__ = [
    "FLIP",
    "OBJECTIVES",
    "PIQE",
    "SSIM",
    "CallableObjective",
    "MetricObjective",
    "ObjectiveSum",
    "Perceptual",
    "PngBytes",
    "PythonFunction",
    "TorchmetricsObjective",
    "Variance",
    "ViewedError",
    "ViewedSSIM",
    "as_objective",
    "parse_objective",
    "place_files",
]

__getattr__ = lazy_names(
    __name__,
    {
        "CallableObjective": "callable_objective",
        "FLIP": "flip",
        "MetricObjective": "metric_objective",
        "OBJECTIVES": "registry",
        "PIQE": "piqe",
        "SSIM": "ssim",
        "ObjectiveSum": "objective_sum",
        "Perceptual": "perceptual",
        "PngBytes": "png_bytes",
        "PythonFunction": "python_function",
        "TorchmetricsObjective": "torchmetrics_objective",
        "Variance": "variance",
        "ViewedError": "viewed_error",
        "ViewedSSIM": "ssim",
        "as_objective": "conversion",
        "parse_objective": "registry",
        "place_files": "python_words",
    },
)
