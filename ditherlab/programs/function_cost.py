"""The cost that a function of one-hots or indices returns."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from ditherlab.errors import AbilityError, RequestError
from ditherlab.naming import spell_value
from ditherlab.programs.autocast import set_autocast
from ditherlab.programs.categories import Categories
from ditherlab.protocol import Ability, Cost
from ditherlab.types import CostMap, DrawCosts, DrawnImages, PictureCosts

Function = Callable[[Tensor], Tensor]
"""Takes draws `[s *batch *variables k]` (or `[s *batch *variables]`), and returns their costs
`[s]` or `[s *batch]`."""

Draws = Literal["one-hots", "indices"]
"""The form in which a function takes draws."""


@dataclass(frozen=True, eq=False)
class FunctionCost(Cost):
    """A function of draws as a cost of pictures.

    It has no windows: each variable may change the whole cost, of which it gets an equal share.

    Attributes:
        function: The function.
        categories: The shape of the variables.
        draws: The form of its argument.
        dtype: The type of one-hots, that of the logits.
        autocast: The type that `torch.autocast` asks for in the function.
        follows_value: True to keep the derivative of the estimate's value in whatever the function
            uses.
        parts: The shares of the value, in order of pricing.
    """

    function: Function
    categories: Categories
    draws: Draws
    dtype: torch.dtype
    autocast: torch.dtype | None = None
    follows_value: bool = False
    parts: list[PictureCosts] = field(default_factory=list)

    @property
    def abilities(self) -> frozenset[Ability]:  # type: ignore[override]
        return abilities_of(self.draws)

    def cost(self, images: DrawnImages) -> DrawCosts:
        values = self.categories.values(images)
        if self.draws == "indices":
            values = values.squeeze(-1).round().long()
        else:
            values = values.to(self.dtype)
        return self.price(values).reshape(len(images), -1).to(images.dtype)

    def price(self, values: Tensor) -> Tensor:
        """Call the function on draws in its own form; return the costs `[s]` or `[s *batch]`.

        Raises:
            RequestError: If it is no function, or returns anything else.
        """
        if not callable(self.function):
            raise RequestError(
                f"The cost must be a function of draws, got {spell_value(self.function)}."
            )
        with set_autocast(values.device, self.autocast):
            costs: object = self.function(values)
        expected = (len(values), *self.categories.batch)
        if isinstance(costs, Tensor) and costs.shape == expected:
            return costs
        got = (
            f"one of shape {list(costs.shape)}"
            if isinstance(costs, Tensor)
            else type(costs).__name__
        )
        raise RequestError(
            f"The cost must return a tensor of shape {list(expected)} for {len(values)} draws, got "
            f"{got}. Sum over the variables and keep the axis of the draws; `num_batch_dims` says "
            "how many axes after it have costs of their own."
        )

    def price_draws(self, images: DrawnImages, shares: DrawCosts | None = None) -> DrawCosts:
        with torch.set_grad_enabled(self.follows_value):
            costs = self.cost(images)
            self._follow(costs, shares)
        return costs.detach()

    def differentiate_draws(
        self, images: DrawnImages, shares: DrawCosts | None = None
    ) -> tuple[DrawCosts, DrawnImages]:
        with torch.enable_grad():
            costs, gradient = self._differentiate(images, keeps_graph=self.follows_value)
            self._follow(costs, shares)
        return costs.detach(), gradient

    def price_with_gradient(self, images: DrawnImages) -> tuple[DrawCosts, DrawnImages]:
        with torch.enable_grad():
            costs, gradient = self._differentiate(images, keeps_graph=False)
        return costs.detach(), gradient

    def _differentiate(
        self, images: DrawnImages, *, keeps_graph: bool
    ) -> tuple[DrawCosts, DrawnImages]:
        leaves = images.detach().requires_grad_()
        costs = self.cost(leaves)
        gradient = None
        if costs.requires_grad:
            (gradient,) = torch.autograd.grad(
                costs.sum(), leaves, retain_graph=keeps_graph, allow_unused=True
            )
        if gradient is None:
            raise gradient_error()
        return costs, gradient

    @property
    def footprint_px(self) -> int:
        return self.categories.num_variables - 1

    def cost_map(self, images: DrawnImages) -> CostMap:
        costs = self.cost(images) / self.categories.num_variables
        return costs[:, :, None, None].expand(-1, -1, *images.shape[3:])

    def _follow(self, costs: DrawCosts, shares: DrawCosts | None) -> None:
        if not self.follows_value:
            return
        self.parts.append(costs.mean(dim=0) if shares is None else (shares * costs).sum(dim=0))


def gradient_error() -> AbilityError:
    """Return the error of a function that has no gradient in its draws."""
    return AbilityError(
        "The cost must have a gradient in the one-hots for this estimator, got one that torch "
        "cannot differentiate. Use `leave-one-out`, which needs its value only, or compute the "
        "cost from the one-hots by differentiable operations."
    )


def abilities_of(draws: Draws) -> frozenset[Ability]:
    """Return the abilities of functions that take draws in a form."""
    return frozenset({"value", "gradient"} if draws == "one-hots" else {"value"})
