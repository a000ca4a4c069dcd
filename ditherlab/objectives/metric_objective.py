"""Metrics of torchmetrics as objectives, each drawn picture with a value of its own."""

import inspect
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeGuard

import torch
from torch import Tensor

from ditherlab.black_box import CallingConvention, FunctionSource, PricedFunction
from ditherlab.black_box.object_code import digest_object
from ditherlab.errors import ObjectiveError, RequestError
from ditherlab.objectives.in_process import InProcessObjective, spell_object
from ditherlab.objectives.pricer import Pricer, frozen_copy, module_on
from ditherlab.types import Images, Mask
from ditherlab.vision.image_metrics import IMAGE_METRICS, ImageMetric

if TYPE_CHECKING:
    from torchmetrics import Metric

MOST_TRIAL_PX = 256
"""The height and width of trial pictures at most: enough for the defaults of every metric."""

# The memory of a metric with a gradient, relative to that without one; measured.
_PLANES_OF_GRAPH = 1.6

_ALONE = CallingConvention("picture", "torch", num_arguments=1)
_WITH_TARGET = CallingConvention("picture", "torch", num_arguments=2)


def is_metric(value: object) -> "TypeGuard[Metric]":
    """Return whether a value is a metric of torchmetrics, which is not imported for that."""
    torchmetrics = sys.modules.get("torchmetrics")
    kind = getattr(torchmetrics, "Metric", None)
    return kind is not None and isinstance(value, kind)


@dataclass(frozen=True, eq=False)
class MetricObjective(InProcessObjective):
    """A metric of torchmetrics: its value if lower is better, else its negative value.

    The metric gets one drawn picture `[1 3 h w]` at a time, in display sRGB from 0 to 1, and its
    target if it takes one; a metric that `ditherlab.measure` knows gets what it gets there, so that
    the values agree. The objective offers `gradient` if the metric says that it is differentiable,
    and a trial agrees. Parts of a gradient that are not finite, as where a pixel equals the target,
    count as 0. The given metric does not change: a copy is used.

    Attributes:
        metric: The metric.
        words: The text in settings and messages; empty for the name of the metric's class.

    Raises:
        RequestError: If the metric does not say which direction is better, or takes something else
            than pictures and targets.
        ObjectiveError: When abilities are asked for, if the metric fails, as for a picture that is
            too small, or returns no single number.

    Example:
        >>> import torchmetrics.image
        >>> ssim = torchmetrics.image.StructuralSimilarityIndexMeasure(data_range=1.0)
        >>> objective = MetricObjective(ssim)
        >>> str(objective), sorted(objective.abilities)
        ('python-object:StructuralSimilarityIndexMeasure', ['gradient', 'value'])
    """

    metric: "Metric"
    words: str = ""

    def __post_init__(self) -> None:
        if self.metric.higher_is_better is None:
            raise RequestError(
                f"`{self}` must say which direction is better, got `higher_is_better = None`. Give "
                "a function that returns a cost: `objective=lambda pictures, targets: ...`."
            )
        _ = self._own

    def pricer_on(self, device: torch.device) -> Pricer:
        own = self._own
        copied: Any = own.function
        priced = MeasuredFunction(own.source, module_on(copied, device), own.stated)
        known = self.image_metric
        # Some metrics of torchmetrics state the wrong direction.
        is_higher_better = known.is_higher_better if known else self.metric.higher_is_better
        return _MetricPricer(priced, -1.0 if is_higher_better else 1.0, known)

    @property
    def image_metric(self) -> ImageMetric | None:
        """The metric, if it is one that `ditherlab.measure` knows."""
        kind = type(self.metric)
        is_theirs = kind.__module__.startswith("torchmetrics.")
        known = (m for m in IMAGE_METRICS.values() if m.class_name == kind.__name__)
        return next(known, None) if is_theirs else None

    def num_extra_planes(self, *, has_gradient: bool) -> float:
        num_planes = self.image_metric.num_planes if self.image_metric else 0
        return num_planes * (_PLANES_OF_GRAPH if has_gradient else 1.0)

    @property
    def trial_size(self) -> tuple[int, int]:
        # With a graph of its computation, a metric takes kilobytes for each pixel.
        height, width = super().trial_size
        return min(height, MOST_TRIAL_PX), min(width, MOST_TRIAL_PX)

    @property
    def claims_gradient(self) -> bool | None:
        return None if self.metric.is_differentiable else False

    @property
    def code_words(self) -> str:
        copied = self._own.function
        settings = {
            name: value
            for name, value in vars(copied).items()
            if isinstance(value, int | float | str | tuple) and not name.startswith("_")
        }
        return f"{self}:{digest_object(copied)}:{sorted(settings.items())}"

    def __str__(self) -> str:
        return self.words or spell_object(self.metric)

    @cached_property
    def _own(self) -> "MeasuredFunction":
        stated = _convention(self.metric, str(self))
        copied: Any = frozen_copy(self.metric, str(self))
        copied.reset()
        return MeasuredFunction(FunctionSource(str(self), "", ""), copied, stated)


@dataclass(frozen=True)
class MeasuredFunction(PricedFunction):
    """A metric that is called with one picture."""

    stated: CallingConvention

    @property
    def convention(self) -> CallingConvention:
        return self.stated


@dataclass(frozen=True, eq=False)
class _MetricPricer(Pricer):
    """Prices pictures one by one, by a metric that forgets each of them."""

    priced: PricedFunction
    sign: float
    image_metric: ImageMetric | None

    def calls(
        self, pictures: Images, targets: Images, opaque: Mask
    ) -> Iterator[tuple[Sequence[Any], int]]:
        shown = pictures.view_as(pictures)
        if shown.requires_grad:
            shown.register_hook(_without_infinities)
        given = [shown, targets][: self.priced.convention.num_arguments]
        if self.image_metric is not None:
            given = [self.image_metric.adapt(images) for images in given]
        for number in range(len(pictures)):
            yield [images[number : number + 1] for images in given], 1

    def call(self, arguments: Sequence[Any]) -> Any:
        metric: Any = self.priced.function
        try:
            # Of its methods, only a call allows gradients.
            value = metric(*arguments)
        finally:
            metric.reset()
        if not isinstance(value, Tensor) or value.numel() != 1:
            raise ObjectiveError(
                f"`{self.priced.source.words}` must give one number for each picture, got "
                f"{_spell(value)}. Make it with options that average, such as "
                "`reduction='elementwise_mean'`, or give a function."
            )
        return self.sign * value


def _without_infinities(gradient: Tensor) -> Tensor:
    return gradient.nan_to_num(nan=0.0, posinf=0.0, neginf=0.0)


def _convention(metric: "Metric", words: str) -> CallingConvention:
    parameters = [
        parameter
        for parameter in inspect.signature(metric.update).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    takes_tensors = all(_may_be_tensor(parameter.annotation) for parameter in parameters)
    if not (1 <= len(parameters) <= 2 and takes_tensors):
        names = ", ".join(parameter.name for parameter in parameters)
        raise RequestError(
            f"`{words}` must compare a picture with its target, or judge a picture alone; its "
            f"`update` takes ({names}). Use a metric such as "
            "`torchmetrics.image.VisualInformationFidelity()`, or give a function."
        )
    return _ALONE if len(parameters) == 1 else _WITH_TARGET


def _may_be_tensor(annotation: Any) -> bool:
    return annotation is inspect.Parameter.empty or "Tensor" in str(annotation)


def _spell(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"a tensor of shape {list(value.shape)}"
    return f"a {type(value).__name__}"
