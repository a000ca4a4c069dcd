"""Methods that look for a picture without descending a gradient of probabilities."""

from ditherlab.methods.cross_entropy import CrossEntropy
from ditherlab.methods.gibbs_with_gradients import GibbsWithGradients
from ditherlab.methods.method import Method, Scene, Visit, Walk
from ditherlab.methods.registry import METHODS

__all__ = [
    "METHODS",
    "CrossEntropy",
    "GibbsWithGradients",
    "Method",
    "Scene",
    "Visit",
    "Walk",
]
