"""Objectives by name, Python functions, and sums of them: `viewed-error+0.1*python:m.py:cost`."""

import re
from collections.abc import Iterator

from ditherlab import objectives
from ditherlab.errors import RequestError
from ditherlab.lazy_classes import LazyClasses
from ditherlab.objectives.python_words import PYTHON_WORDS
from ditherlab.protocol import Objective
from ditherlab.specs import LARGEST_NUMBER, Registry
from ditherlab.vision.image_metrics import IMAGE_METRICS

TORCHMETRICS = "torchmetrics:"

OBJECTIVES: Registry[Objective] = Registry(
    "objective",
    LazyClasses(
        "ditherlab.objectives",
        [
            "Perceptual",
            "Variance",
            "SSIM",
            "ViewedError",
            "ViewedSSIM",
            "FLIP",
            "PIQE",
            "PngBytes",
        ],
    ),
    base=Objective,
)

# A plus sign between terms: outside parentheses, and not the sign of an exponent.
_PLUS = re.compile(r"(?<![0-9.][eE])\+(?![^(]*\))")
_WEIGHTED = re.compile(
    r"\s*(?P<weight>[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*\*(?P<objective>.*)", re.DOTALL
)


def parse_objective(text: str) -> Objective:
    """Parse `name(parameter=value)`, or a weighted sum of such terms, as an objective.

    A term may also be `torchmetrics:NAME(parameter=value)`, or `python:FILE.py:function` or
    `python:module:function`, whose code is run.

    Args:
        text: The words, such as `viewed-error+0.1*viewed-ssim`.

    Returns:
        The objective; `ObjectiveSum` for several terms, or a weight other than 1.

    Raises:
        RequestError: For an unknown name or parameter, an invalid weight, or a function that does
            not exist.

    Example:
        >>> str(parse_objective("viewed-error + 0.10*viewed-ssim(sigma=2)"))
        'viewed-error+0.1*viewed-ssim(sigma=2)'
    """
    terms = tuple(_parse_term(term) for term in _split_terms(text))
    (weight, objective), *others = terms
    return objectives.ObjectiveSum(terms) if others or weight != 1 else objective


def _split_terms(text: str) -> Iterator[str]:
    """Split a sum at its plus signs, except those in paths."""
    python_words = [match.span() for match in PYTHON_WORDS.finditer(text)]
    start = 0
    for plus in _PLUS.finditer(text):
        if not any(first <= plus.start() < end for first, end in python_words):
            yield text[start : plus.start()]
            start = plus.end()
    yield text[start:]


def _parse_term(text: str) -> tuple[float, Objective]:
    match = _WEIGHTED.fullmatch(text)
    if match is None:
        return 1.0, _parse_objective_of_term(text)
    try:
        weight = float(match["weight"])
    except ValueError:
        raise RequestError(f"A weight must be a number, got '{match['weight']}'.") from None
    if not abs(weight) < LARGEST_NUMBER:
        raise RequestError(f"A weight must have at most 19 digits, got '{match['weight']}'.")
    return weight, _parse_objective_of_term(match["objective"])


def _parse_objective_of_term(text: str) -> Objective:
    words = text.strip()
    if words.startswith("python:"):
        return objectives.PythonFunction.parse(words)
    if words.startswith(TORCHMETRICS):
        return objectives.TorchmetricsObjective.parse(words)
    if words in IMAGE_METRICS and words not in OBJECTIVES.classes:
        raise RequestError(f"Unknown objective `{words}`. Did you mean `{TORCHMETRICS}{words}`?")
    return OBJECTIVES.parse(text)
