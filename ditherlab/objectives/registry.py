"""Objectives by name, and sums of them: `viewed-error+0.1*viewed-ssim`."""

import re

from ditherlab.errors import RequestError
from ditherlab.objectives.objective_sum import ObjectiveSum
from ditherlab.objectives.ssim import SSIM, ViewedSSIM
from ditherlab.objectives.variance import Variance
from ditherlab.objectives.viewed_error import ViewedError
from ditherlab.protocol import Objective
from ditherlab.specs import Registry

OBJECTIVES: Registry[Objective] = Registry.of(
    "objective", [Variance, SSIM, ViewedError, ViewedSSIM]
)

# A plus sign between terms: outside parentheses, and not the sign of an exponent.
_PLUS = re.compile(r"(?<![0-9.][eE])\+(?![^(]*\))")
_WEIGHTED = re.compile(
    r"\s*(?P<weight>[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*\*(?P<objective>.*)", re.DOTALL
)


def parse_objective(text: str) -> Objective:
    """Make the objective that `name(parameter=value)` or a weighted sum of such says.

    Raises:
        RequestError: For an unknown name or parameter, or a bad weight.

    Example:
        >>> str(parse_objective("viewed-error + 0.10*viewed-ssim(sigma=2)"))
        'viewed-error+0.1*viewed-ssim(sigma=2)'
    """
    terms = tuple(_parse_term(term) for term in _PLUS.split(text))
    (weight, objective), *others = terms
    return ObjectiveSum(terms) if others or weight != 1 else objective


def _parse_term(text: str) -> tuple[float, Objective]:
    match = _WEIGHTED.fullmatch(text)
    if match is None:
        return 1.0, OBJECTIVES.parse(text)
    try:
        weight = float(match["weight"])
    except ValueError:
        raise RequestError(f"A weight must be a number, got '{match['weight']}'.") from None
    return weight, OBJECTIVES.parse(match["objective"])
