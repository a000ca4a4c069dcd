"""Optimizers that move probabilities, palettes and parameters along estimated gradients."""

from ditherlab.optimizers.adam import Adam
from ditherlab.optimizers.mean_field import MeanField
from ditherlab.optimizers.natural_gradient import NaturalGradient
from ditherlab.optimizers.palette_descent import PaletteDescent
from ditherlab.optimizers.parameter_descent import ParameterDescent
from ditherlab.optimizers.registry import OPTIMIZERS

__all__ = [
    "OPTIMIZERS",
    "Adam",
    "MeanField",
    "NaturalGradient",
    "PaletteDescent",
    "ParameterDescent",
]
