"""Experiments: estimators measured beside one another on the same problem."""

from ditherlab.experiments.comparison import (
    At,
    Comparison,
    Place,
    compare_gradients,
    fitting_estimators,
)
from ditherlab.experiments.gradients import (
    GradientFigures,
    Reference,
    measure_estimator,
    measure_reference,
)

__all__ = [
    "At",
    "Comparison",
    "GradientFigures",
    "Place",
    "Reference",
    "compare_gradients",
    "fitting_estimators",
    "measure_estimator",
    "measure_reference",
]
