"""Metrics of torchmetrics by name as objectives: `torchmetrics:ms-ssim`."""

import inspect
import re
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from warnings import catch_warnings, simplefilter

import torch

from ditherlab.arguments import check_parameter, split_arguments
from ditherlab.errors import RequestError
from ditherlab.objectives.in_process import TRIAL_PX, InProcessObjective
from ditherlab.objectives.metric_objective import MOST_TRIAL_PX, MetricObjective
from ditherlab.objectives.pricer import Pricer
from ditherlab.objectives.registry import TORCHMETRICS
from ditherlab.specs import read_whole_number
from ditherlab.vision.image_metrics import ImageMetric, find_image_metric
from ditherlab.vision.packaged_metrics import require_package

_WORDS = re.compile(
    rf"{TORCHMETRICS}\s*(?P<name>[\w-]*)\s*(?:\((?P<arguments>.*)\)\s*)?", re.DOTALL
)

Value = bool | int | float | str | tuple[float, ...]


@dataclass(frozen=True, eq=False)
class TorchmetricsObjective(InProcessObjective):
    """A metric of torchmetrics: its value if lower is better, else its negative value.

    The value of a picture is that which `ditherlab.measure` reports. The objective offers
    `gradient` if the metric says that it is differentiable, and a trial agrees.

    Attributes:
        image_metric: The metric.
        arguments: Names and values of the parameters of its class that are set, as text.

    Raises:
        RequestError: If a parameter does not exist or has a wrong value.
    """

    image_metric: ImageMetric
    arguments: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        require_package("torchmetrics", str(self))
        _ = self._measured

    @classmethod
    def parse(cls, words: str) -> "TorchmetricsObjective":
        """Parse `torchmetrics:NAME` or `torchmetrics:NAME(parameter=value, ...)`.

        Raises:
            RequestError: For an unknown name or parameter, or a wrong value.
        """
        match = _WORDS.fullmatch(words)
        if match is None:
            raise RequestError(
                f"A metric of torchmetrics must be `{TORCHMETRICS}NAME` or "
                f"`{TORCHMETRICS}NAME(parameter=value, ...)`, got '{words}'. Try "
                f"`{TORCHMETRICS}ms-ssim`."
            )
        metric = find_image_metric(match["name"])
        return cls(
            metric, tuple(split_arguments(f"{TORCHMETRICS}{metric.name}", match["arguments"] or ""))
        )

    @property
    def min_size_px(self) -> int:
        # Parameters may change it.
        return 1 if self.arguments else self.image_metric.min_size_px

    def num_extra_planes(self, *, has_gradient: bool) -> float:
        return self._measured.num_extra_planes(has_gradient=has_gradient)

    @property
    def trial_size(self) -> tuple[int, int]:
        # The memory of a metric with a gradient is large; parameters may change its least size.
        least = self.image_metric.min_size_px
        most = MOST_TRIAL_PX if self.arguments else max(TRIAL_PX, least)
        height, width = self.size or (most, most)
        return min(height, most), min(width, most)

    def pricer_on(self, device: torch.device) -> Pricer:
        return self._measured.pricer_on(device)

    @property
    def claims_gradient(self) -> bool | None:
        return self._measured.claims_gradient

    @property
    def code_words(self) -> str:
        return str(self)

    def __str__(self) -> str:
        arguments = ", ".join(f"{name}={value}" for name, value in self.arguments)
        return f"{TORCHMETRICS}{self.image_metric.name}" + (f"({arguments})" if arguments else "")

    @cached_property
    def _measured(self) -> MetricObjective:
        kind = getattr(import_module("torchmetrics.image"), self.image_metric.class_name)
        known = [
            name
            for name, parameter in inspect.signature(kind).parameters.items()
            if parameter.kind is not parameter.VAR_KEYWORD
        ]
        for name, _ in self.arguments:
            check_parameter(str(self), name, known)
        given = {name: _read_value(text) for name, text in self.arguments}
        with catch_warnings():
            # Of the memory of a metric that keeps pictures; it is reset after each of them.
            simplefilter("ignore", UserWarning)
            try:
                metric = kind(**{**self.image_metric.arguments, **given})
            # The classes raise errors of several kinds.
            except Exception as error:
                raise RequestError(f"`{self}` must have other parameters: {error}") from error
        return MetricObjective(metric, words=str(self))


def _read_value(text: str) -> Value:
    """Read a number, numbers between colons, true or false; any other text is a word."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    numbers = [_read_number(part) for part in text.split(":")]
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers):
        return text
    return known[0] if len(known) == 1 else tuple(known)


def _read_number(text: str) -> int | float | None:
    whole = read_whole_number(text)
    if whole is not None:
        return whole
    try:
        return float(text)
    except ValueError:
        return None
