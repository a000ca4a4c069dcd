"""Continuous distributions, and estimators for gradients of expectations over them."""

from typing import TYPE_CHECKING

from ditherlab.lazy_names import lazy_names

if TYPE_CHECKING:
    from ditherlab.continuous.estimators import (
        ContinuousEstimator,
        Implicit,
        MeasureValued,
        Pathwise,
        Score,
        SmoothedPerturbation,
    )
    from ditherlab.continuous.family import Family, Parameters, WeakDerivative
    from ditherlab.continuous.gamma_family import Beta, Dirichlet, Gamma
    from ditherlab.continuous.location_scale import Logistic, Normal, Triangular, Uniform
    from ditherlab.continuous.mixture import NormalMixture

__all__ = [
    "Beta",
    "ContinuousEstimator",
    "Dirichlet",
    "Family",
    "Gamma",
    "Implicit",
    "Logistic",
    "MeasureValued",
    "Normal",
    "NormalMixture",
    "Parameters",
    "Pathwise",
    "Score",
    "SmoothedPerturbation",
    "Triangular",
    "Uniform",
    "WeakDerivative",
]

__getattr__ = lazy_names(
    __name__,
    {
        "Beta": "gamma_family",
        "ContinuousEstimator": "estimators",
        "Dirichlet": "gamma_family",
        "Family": "family",
        "Gamma": "gamma_family",
        "Implicit": "estimators",
        "Logistic": "location_scale",
        "MeasureValued": "estimators",
        "Normal": "location_scale",
        "NormalMixture": "mixture",
        "Parameters": "family",
        "Pathwise": "estimators",
        "Score": "estimators",
        "SmoothedPerturbation": "estimators",
        "Triangular": "location_scale",
        "Uniform": "location_scale",
        "WeakDerivative": "family",
    },
)
