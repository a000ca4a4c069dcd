"""Gradient estimators for any torch program that draws categories.

Logits of any shape take the place of a picture's, and a function of one-hots that of an objective.
The estimators are the same as for pictures.
"""

from typing import TYPE_CHECKING

from ditherlab.lazy_names import lazy_names

if TYPE_CHECKING:
    from ditherlab.programs.estimation import LogitsEstimate, estimate
    from ditherlab.programs.stochastic_layer import StochasticLayer
    from ditherlab.programs.surrogate import expected_cost, expected_cost_and_state

__all__ = [
    "LogitsEstimate",
    "StochasticLayer",
    "estimate",
    "expected_cost",
    "expected_cost_and_state",
]

__getattr__ = lazy_names(
    __name__,
    {
        "LogitsEstimate": "estimation",
        "StochasticLayer": "stochastic_layer",
        "estimate": "estimation",
        "expected_cost": "surrogate",
        "expected_cost_and_state": "surrogate",
    },
)
