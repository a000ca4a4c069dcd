"""The problem, its palette to learn, its limits and its device."""

from ditherlab.problem.device import find_device
from ditherlab.problem.learned_palette import LearnedPalette
from ditherlab.problem.limits import Limits
from ditherlab.problem.problem import Problem, quadratic_error

__all__ = ["LearnedPalette", "Limits", "Problem", "find_device", "quadratic_error"]
