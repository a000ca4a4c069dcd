"""A loaded Python function that prices pictures, called by its own convention."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ditherlab.black_box.calling_convention import CallingConvention, Form
from ditherlab.black_box.function_source import FunctionSource
from ditherlab.errors import ObjectiveError

if TYPE_CHECKING:
    from ditherlab.black_box.arrays import Masks, Pixels


@dataclass(frozen=True)
class PricedFunction:
    """A function and its source.

    Attributes:
        source: The source that the function was loaded from.
        function: The loaded function.
    """

    source: FunctionSource
    function: Callable[..., Any]

    @classmethod
    def load(cls, source: FunctionSource) -> "PricedFunction":
        """Load the function.

        Raises:
            RequestError: If it does not exist, or cannot be called as a cost.
        """
        priced = cls(source, source.load())
        _ = priced.convention
        return priced

    @cached_property
    def convention(self) -> CallingConvention:
        """The function's calling convention."""
        return CallingConvention.of(self.function, self.source.words)

    def price(self, pictures: Pixels, targets: Pixels, opaque: Masks) -> list[float]:
        """Price pictures, each beside its own target and mask.

        Raises:
            ObjectiveError: If the function fails, or does not return a number for each picture.
        """
        costs = []
        for arguments, num_pictures in self.calls(pictures, targets, opaque):
            costs += self._call(arguments, num_pictures)
        return costs

    def calls(
        self, pictures: Pixels, targets: Pixels, opaque: Masks
    ) -> Iterator[tuple[list[Any], int]]:
        """Yield the arguments of each call in the form of the function, and how many it prices."""
        given = [pictures, targets, opaque][: self.convention.num_arguments]
        form = self.convention.form
        if self.convention.takes == "batch":
            yield [_to_form(array.copy(), form) for array in given], len(pictures)
            return
        for number in range(len(pictures)):
            yield [_to_form(array[number : number + 1].copy(), form)[0] for array in given], 1

    def _call(self, arguments: list[Any], num_pictures: int) -> list[float]:
        try:
            result = self.function(*arguments)
        except BaseException as error:
            raise self.failure(error) from error
        return self._read(result, num_pictures)

    def _read(self, result: Any, num_pictures: int) -> list[float]:
        # A tensor that requires a gradient cannot be converted to numpy.
        plain = result.detach().cpu() if hasattr(result, "detach") else result
        try:
            costs = np.asarray(plain)
        except (TypeError, ValueError):
            costs = None
        if costs is None or costs.dtype.kind not in "biuf":
            raise ObjectiveError(
                f"`{self.source.words}` must return {self._rule(num_pictures)}, got "
                f"{type(result).__name__}."
            )
        self.check_num_costs(costs.size, list(costs.shape), num_pictures)
        return [float(cost) for cost in costs.flat]

    def check_num_costs(self, num_costs: int, shape: list[int], num_pictures: int) -> None:
        """Check that a result holds one number for each picture.

        Raises:
            ObjectiveError: If it does not; the message names the shape of the result.
        """
        if num_costs != num_pictures:
            raise ObjectiveError(
                f"`{self.source.words}` must return {self._rule(num_pictures)}, got an array of "
                f"shape {shape}."
            )

    def failure(self, error: BaseException) -> ObjectiveError:
        """Make the error that reports what the function raised."""
        return ObjectiveError(f"`{self.source.words}` raised {self.source.describe(error)}.")

    def _rule(self, num_pictures: int) -> str:
        if self.convention.takes == "picture":
            return "a number"
        return f"a number for each of {num_pictures} pictures"


def _to_form(array: Pixels | Masks, form: Form) -> Any:
    """Convert pictures or masks to the form that the function takes; the first axis stays."""
    if form == "numpy":
        return array
    if form == "pillow":
        from PIL import Image

        return [Image.fromarray(part) for part in array]

    import torch

    tensor = torch.from_numpy(array)
    if tensor.dtype is torch.bool:
        return tensor.unsqueeze(1)
    return tensor.permute(0, 3, 1, 2).contiguous().to(torch.float32) / 255
