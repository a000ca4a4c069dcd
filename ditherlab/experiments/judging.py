"""Costs and metrics of a finished picture against its source."""

from collections.abc import Mapping
from importlib.util import find_spec

import torch

from ditherlab.experiments.prices import to_levels
from ditherlab.images import Picture
from ditherlab.metrics import measure
from ditherlab.protocol import Objective, Target
from ditherlab.types import Images, Mask
from ditherlab.vision.packaged_metrics import flip_error

Figures = Mapping[str, float | None]

_FLIP_PACKAGE = "flip_evaluator"


def judge_picture(source: Picture, shown: Picture, objective: Objective) -> Figures:
    """Compute the cost and the metrics of a picture against its source, in color.

    The optimization of a gray picture ignores the colors of its source. Here they count, so that
    all palettes are compared in the same way.

    Args:
        source: The source picture, without the changes of `fit`.
        shown: The finished picture, of the same size.
        objective: An objective that can evaluate pictures.

    Returns:
        The `cost` and the metrics of `measure_seen`.
    """
    opaque = torch.from_numpy(source.opaque)[None, None]
    target = Target(source.to_srgb(), opaque)
    picture = shown.to_srgb()
    cost = objective.bind(target)
    try:
        with torch.no_grad():
            price = float(cost.cost(picture.unsqueeze(0)))
    finally:
        cost.close()
    return {"cost": price, **measure_seen(target.images, picture, opaque)}


def measure_seen(reference: Images, picture: Images, opaque: Mask) -> dict[str, float | None]:
    """Compute all metrics, and FLIP at 67 pixels per degree if its package is installed."""
    figures = dict(measure(reference, picture, opaque))
    if has_flip() and bool(opaque.any()):
        seen = torch.where(opaque, picture, reference)
        source, shown = (to_levels(images[0].permute(1, 2, 0)) for images in (reference, seen))
        figures["flip"] = flip_error(shown, source)
    return figures


def has_flip() -> bool:
    """Return whether the package for FLIP is installed."""
    return find_spec(_FLIP_PACKAGE) is not None
