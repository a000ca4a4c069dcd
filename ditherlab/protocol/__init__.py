"""How objectives, estimators and optimizers meet, without knowing each other by name.

An `Objective` is configuration; bound to a `Target` it becomes a `Cost`, which prices pictures and
distributions of pictures. An `Estimator` asks a model and a cost for an `Estimate` of the gradient.
An `Optimizer` moves the probabilities along an estimate. Each side declares what it offers or
needs as `Ability` words, and `require` compares them when a problem is built.
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
from ditherlab.protocol.objective import Objective
from ditherlab.protocol.optimizer import Optimizer

__all__ = [
    "Ability",
    "ColorCosts",
    "Cost",
    "Estimate",
    "Estimator",
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
