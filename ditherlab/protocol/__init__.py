"""The interfaces of objectives, costs, estimators and optimizers.

An `Objective` is configuration; bound to a `Target` it becomes a `Cost`, which prices pictures and
distributions of pictures. An `Estimator` computes an `Estimate` of the gradient from a model and a
cost. An `Optimizer` moves the probabilities along an estimate. Each side declares the abilities
that it offers or needs as `Ability` words, and `require` compares them when a problem is built.
"""

from ditherlab.protocol.cost import (
    Ability,
    Cost,
    PaletteEquations,
    PixelError,
    Target,
    keep_rows,
    mix_moments,
    rows_seen,
)
from ditherlab.protocol.estimate import ColorCosts, Estimate, apply_softmax_jacobian
from ditherlab.protocol.estimator import Estimator, Noise, require
from ditherlab.protocol.kept import Kept
from ditherlab.protocol.objective import Objective
from ditherlab.protocol.optimizer import Optimizer

__all__ = [
    "Ability",
    "ColorCosts",
    "Cost",
    "Estimate",
    "Estimator",
    "Kept",
    "Noise",
    "Objective",
    "Optimizer",
    "PaletteEquations",
    "PixelError",
    "Target",
    "apply_softmax_jacobian",
    "keep_rows",
    "mix_moments",
    "require",
    "rows_seen",
]
