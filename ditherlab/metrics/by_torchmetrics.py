"""Metrics that torchmetrics computes, of whole pictures."""

import math
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

import torch

from ditherlab.metrics.similarity import MAX_PSNR_DB
from ditherlab.types import Images, Mask
from ditherlab.vision.image_metrics import ImageMetric

_FUNCTIONS = "torchmetrics.functional.image"


def measure_whole(
    metrics: Sequence[ImageMetric],
    reference: Callable[[slice], Images],
    pictures: Sequence[Callable[[slice], Images]],
    opaque: Mask,
) -> list[Mapping[str, float | None]]:
    """Compare several pictures with one reference, each as a whole.

    Args:
        metrics: The metrics.
        reference: Returns rows of the reference.
        pictures: Return rows of each picture.
        opaque: Pixels that count. Other pixels are replaced by the reference.

    Returns:
        A value for each metric, as `measure_by_torchmetrics` returns it, for each picture.
    """
    if not metrics:
        return [{} for _ in pictures]
    source = reference(slice(None))
    shown = (torch.where(opaque, picture(slice(None)), source) for picture in pictures)
    return [
        {metric.name: measure_by_torchmetrics(metric, source, picture) for metric in metrics}
        for picture in shown
    ]


def measure_by_torchmetrics(
    metric: ImageMetric, reference: Images, picture: Images
) -> float | None:
    """Compare a picture with its reference in a metric of torchmetrics.

    Args:
        metric: The metric.
        reference: Display sRGB in [0, 1], one picture; one channel if only luminance counts.
        picture: The picture, of the same shape.

    Returns:
        The value; None if the picture is too small or has too few channels, or the value is not
        finite. A metric in dB is at most `MAX_PSNR_DB`.
    """
    height, width = reference.shape[-2:]
    if metric.why_not(width, height, is_gray=reference.shape[1] == 1):
        return None
    measure = getattr(import_module(_FUNCTIONS), metric.function)
    pictures = [picture, reference] if metric.has_reference else [picture]
    value = float(measure(*map(metric.adapt, pictures), **metric.arguments))
    if metric.unit == "dB":
        value = min(value, MAX_PSNR_DB)
    return value if math.isfinite(value) else None
