"""Optimizers that move probabilities, palettes and parameters along estimated gradients."""

from typing import TYPE_CHECKING

from ditherlab.lazy_names import lazy_names

if TYPE_CHECKING:
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

__getattr__ = lazy_names(
    __name__,
    {
        "OPTIMIZERS": "registry",
        "Adam": "adam",
        "MeanField": "mean_field",
        "NaturalGradient": "natural_gradient",
        "PaletteDescent": "palette_descent",
        "ParameterDescent": "parameter_descent",
    },
)
