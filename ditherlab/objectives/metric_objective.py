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

if TYPE_CHECKING:
    from torchmetrics import Metric

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
    target if it takes one. The objective offers `gradient` if the metric says that it is
    differentiable, and a trial agrees. The given metric does not change: a copy is used.

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
        return _MetricPricer(priced, sign=-1.0 if self.metric.higher_is_better else 1.0)

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

    def calls(
        self, pictures: Images, targets: Images, opaque: Mask
    ) -> Iterator[tuple[Sequence[Any], int]]:
        given = (pictures, targets)[: self.priced.convention.num_arguments]
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
