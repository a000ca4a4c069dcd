"""Compiled loops of the default recipe; torch is their reference and does the work without them."""

from ditherlab.kernels.library import KERNELS_VARIABLE, describe_kernels, kernels_for
from ditherlab.kernels.quadratic_form import FormLayer, QuadraticForm

__all__ = [
    "KERNELS_VARIABLE",
    "FormLayer",
    "QuadraticForm",
    "describe_kernels",
    "kernels_for",
]
