"""The problem: what is asked for."""

from ditherlab.problem.problem import Problem, default_estimator, default_optimizer

__all__ = ["Problem", "default_estimator", "default_optimizer"]
