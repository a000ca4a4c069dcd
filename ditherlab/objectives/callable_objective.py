"""Any callable or torch module as an objective, called in this process."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import torch
from torch import nn

from ditherlab.black_box import CallingConvention, FunctionSource, PricedFunction, is_marked
from ditherlab.black_box.object_code import digest_object
from ditherlab.errors import RequestError
from ditherlab.objectives.in_process import InProcessObjective, spell_object
from ditherlab.objectives.pricer import FunctionPricer, Pricer, frozen_copy, module_on


@dataclass(frozen=True, eq=False)
class CallableObjective(InProcessObjective):
    """A callable or a torch module that returns the cost of pictures; called in this process.

    It takes `(pictures)`, `(pictures, targets)` or `(pictures, targets, opaque)`: tensors
    `[n 3 h w]` in display sRGB from 0 to 1, the last one a mask `[n 1 h w]`, on the device of the
    run. It returns a tensor `[n]`. One that is marked with `ditherlab.cost_function` takes and
    returns what its mark says. The objective offers `gradient` if autograd can follow the callable.
    A module is copied, in evaluation mode and with fixed weights. The memory that a call takes is
    not known before a run, which counts only its own.

    Attributes:
        function: The callable.

    Raises:
        RequestError: If it is a class, or its parameters are not those of a cost.
        ObjectiveError: If it is a module that cannot be copied; when abilities are asked for, if it
            fails or returns something else.

    Example:
        >>> def darkness(pictures):
        ...     return pictures.mean(dim=(1, 2, 3))
        >>> objective = CallableObjective(darkness)
        >>> str(objective), sorted(objective.abilities)
        ('python-object:darkness', ['gradient', 'value'])
    """

    function: Callable[..., Any]

    def __post_init__(self) -> None:
        if isinstance(self.function, type):
            raise RequestError(
                f"`objective` must be a function or an object that can be called, got the class "
                f"`{self.function.__name__}`. Give an instance: `{self.function.__name__}(...)`."
            )
        _ = self._own

    def pricer_on(self, device: torch.device) -> Pricer:
        own = self._own
        if isinstance(own.function, nn.Module):
            own = _OwnConvention(own.source, module_on(own.function, device))
        return FunctionPricer(own)

    @property
    def claims_gradient(self) -> bool | None:
        return self._own.convention.differentiable if is_marked(self.function) else None

    @property
    def code_words(self) -> str:
        return f"{self}:{digest_object(self._own.function)}"

    def __str__(self) -> str:
        return spell_object(self.function)

    @cached_property
    def _own(self) -> PricedFunction:
        words = str(self)
        function = self.function
        if isinstance(function, nn.Module):
            function = frozen_copy(function, words)
        own = _OwnConvention(source_of(self.function, words), function)
        _ = own.convention
        return own


class _OwnConvention(PricedFunction):
    """A function that takes a batch of tensors, unless its mark says something else."""

    @cached_property
    def convention(self) -> CallingConvention:
        stated = CallingConvention.of(self.function, self.source.words)
        if is_marked(self.function):
            return stated
        return replace(stated, takes="batch", form="torch")


def source_of(value: Any, words: str) -> FunctionSource:
    """Return the words of an object and the file of its code, which messages name."""
    code = value.func if isinstance(value, partial) else value
    code = code if inspect.isroutine(code) else type(code)
    try:
        location = inspect.getfile(code)
    except (TypeError, OSError):
        location = ""
    return FunctionSource(words, location, getattr(code, "__qualname__", ""))
