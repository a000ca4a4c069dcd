"""Costs and metrics of a finished picture against its source."""

from collections.abc import Mapping
from importlib.util import find_spec

import torch

from ditherlab.experiments.prices import PriceList
from ditherlab.images import Picture
from ditherlab.metrics import measure
from ditherlab.protocol import Objective
from ditherlab.solver.solution import Solution
from ditherlab.types import Images, Mask
from ditherlab.vision.color import srgb_to_levels
from ditherlab.vision.packaged_metrics import flip_error

Figures = Mapping[str, float | None]

_FLIP_PACKAGE = "flip_evaluator"


def judge_picture(source: Picture, solution: Solution, objective: Objective) -> Figures:
    """Compute the cost and the metrics of a finished picture against its source, in color.

    Args:
        source: The source picture, without the changes of `fit`.
        solution: The solution with the finished picture, of the same size.
        objective: The objective.

    Returns:
        The `cost` of `price_against_source` and the metrics of `measure_seen`.
    """
    opaque = torch.from_numpy(source.opaque)[None, None]
    price = price_against_source(source, solution, objective)
    return {
        "cost": price,
        **measure_seen(source.to_srgb(), solution.picture.to_srgb(), opaque),
    }


def price_against_source(source: Picture, solution: Solution, objective: Objective) -> float | None:
    """Return the cost of a finished picture against its unchanged source, in color.

    Rankings and sweeps report this cost. It is None if it is not finite, or if every pixel is
    transparent.
    """
    if not source.opaque.any():
        return None
    prices = PriceList.against_source(source, solution.palette, objective, solution.device)
    try:
        return prices.price(solution.indices)
    finally:
        prices.cost.close()


def measure_seen(reference: Images, picture: Images, opaque: Mask) -> dict[str, float | None]:
    """Compute all metrics, and FLIP at 67 pixels per degree if its package is installed."""
    figures = dict(measure(reference, picture, opaque))
    if has_flip() and bool(opaque.any()):
        seen = torch.where(opaque, picture, reference)
        source, shown = (srgb_to_levels(images[0].permute(1, 2, 0)) for images in (reference, seen))
        figures["flip"] = flip_error(shown, source)
    return figures


def has_flip() -> bool:
    """Return whether the package for FLIP is installed."""
    return find_spec(_FLIP_PACKAGE) is not None
