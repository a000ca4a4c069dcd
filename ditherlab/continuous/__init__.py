"""Continuous distributions, and estimators for gradients of expectations over them."""

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
