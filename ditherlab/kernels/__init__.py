"""Compiled loops of the default recipe; torch is their reference and does the work without them."""

from typing import TYPE_CHECKING

from ditherlab.lazy_names import lazy_names

if TYPE_CHECKING:
    from ditherlab.kernels.library import KERNELS_VARIABLE, describe_kernels, kernels_for
    from ditherlab.kernels.quadratic_form import FormLayer, QuadraticForm

__all__ = [
    "KERNELS_VARIABLE",
    "FormLayer",
    "QuadraticForm",
    "describe_kernels",
    "kernels_for",
]

__getattr__ = lazy_names(
    __name__,
    {
        "KERNELS_VARIABLE": "library",
        "describe_kernels": "library",
        "kernels_for": "library",
        "FormLayer": "quadratic_form",
        "QuadraticForm": "quadratic_form",
    },
)
