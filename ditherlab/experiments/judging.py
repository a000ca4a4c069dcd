"""What a finished picture is worth beside its source, whatever palette it has."""

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
    """Price and measure a picture against its source, in color.

    A gray picture of a colored source is charged for the colors that it lacks, which the
    optimization leaves out: so all palettes are judged alike.

    Args:
        source: As it is, whatever was aimed at.
        shown: Of the same size.
        objective: One that prices pictures.

    Returns:
        The `cost`, and all that `measure_seen` measures.
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
    """Measure all metrics, and FLIP at 67 pixels per degree where its package is installed."""
    figures = dict(measure(reference, picture, opaque))
    if has_flip() and bool(opaque.any()):
        seen = torch.where(opaque, picture, reference)
        source, shown = (to_levels(images[0].permute(1, 2, 0)) for images in (reference, seen))
        figures["flip"] = flip_error(shown, source)
    return figures


def has_flip() -> bool:
    """Say whether FLIP can be measured here."""
    return find_spec(_FLIP_PACKAGE) is not None
