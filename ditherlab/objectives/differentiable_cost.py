"""The cost of a function that torch can differentiate, computed in this process."""

import copy
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from ditherlab.black_box import PricedFunction
from ditherlab.errors import DitherlabError, ObjectiveError
from ditherlab.protocol import Ability, Cost, Target
from ditherlab.types import DrawCosts, DrawnImages


@dataclass(frozen=True, eq=False)
class DifferentiableCost(Cost):
    """The cost that a differentiable function returns; modules run in evaluation mode.

    Attributes:
        target: The target.
        priced: The function; a module is a copy on the target's device.
    """

    target: Target
    priced: PricedFunction
    abilities: frozenset[Ability] = field(default=frozenset({"value", "gradient"}))

    @classmethod
    def of(cls, priced: PricedFunction, target: Target) -> "DifferentiableCost":
        """Bind a function to a target; a module is copied, because other code may train it."""
        function = priced.function
        if isinstance(function, nn.Module):
            own = copy.deepcopy(function).requires_grad_(False).eval()
            priced = PricedFunction(priced.source, own.to(target.images))
        return cls(target, priced)

    def cost(self, images: DrawnImages) -> DrawCosts:
        if images.requires_grad and torch.is_grad_enabled():
            costs: DrawCosts = _Priced.apply(images, self)  # type: ignore[no-untyped-call]
            return costs
        return self.price(images)

    def price(self, images: DrawnImages) -> DrawCosts:
        """Call the function.

        Raises:
            ObjectiveError: If it fails, or does not return a number for each picture.
        """
        drawn = self.target.fill_transparent(images)
        num_samples = len(drawn)
        given = [
            _to_rgb(drawn),
            _to_rgb(self.target.images.expand(num_samples, -1, -1, -1, -1)),
            self.target.opaque.expand(num_samples, -1, -1, -1, -1).flatten(0, 1),
        ]
        with self.failing_clearly():
            costs = self._call(given[: self.priced.convention.num_arguments])
        return costs.view(images.shape[:2])

    @contextmanager
    def failing_clearly(self) -> Iterator[None]:
        """Convert errors of the function's code to `ObjectiveError`; redirect what it prints."""
        try:
            # Standard output may be a picture, so prints go to standard error.
            with redirect_stdout(sys.stderr):
                yield
        except DitherlabError:
            raise
        except Exception as error:
            raise self.priced.failure(error) from error

    def _call(self, arguments: list[Tensor]) -> Tensor:
        function = self.priced.function
        if self.priced.convention.takes == "batch":
            return self._check(function(*arguments), len(arguments[0]))
        return torch.cat([self._check(function(*one), 1) for one in zip(*arguments, strict=True)])

    def _check(self, result: object, num_pictures: int) -> Tensor:
        if not isinstance(result, Tensor):
            raise ObjectiveError(
                f"`{self.priced.source.words}` must return a tensor, because it is marked as "
                f"differentiable, got {type(result).__name__}."
            )
        self.priced.check_num_costs(result.numel(), list(result.shape), num_pictures)
        return result.flatten()


class _Priced(torch.autograd.Function):
    """Autograd wrapper that reports errors of the backward pass like those of the function."""

    @staticmethod
    def forward(ctx: Any, images: DrawnImages, cost: DifferentiableCost) -> DrawCosts:
        with torch.enable_grad():
            leaves = images.detach().requires_grad_()
            costs = cost.price(leaves)
        if not costs.requires_grad:
            raise ObjectiveError(
                f"`{cost.priced.source.words}` is marked as differentiable, but returns a number "
                "without a gradient. Compute all of it in torch, or remove the mark."
            )
        ctx.inner = (leaves, costs, cost)
        return costs.detach()

    @staticmethod
    def backward(ctx: Any, grad_costs: DrawCosts) -> tuple[DrawnImages, None]:
        leaves, costs, cost = ctx.inner
        with cost.failing_clearly():
            (gradient,) = torch.autograd.grad(costs, leaves, grad_costs)
        return gradient, None


def _to_rgb(images: DrawnImages) -> Tensor:
    return images.flatten(0, 1).expand(-1, 3, -1, -1)
