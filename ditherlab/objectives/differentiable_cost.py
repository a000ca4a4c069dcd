"""The cost of a function that torch can differentiate, computed in a worker process."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ditherlab.black_box import FunctionSource, Tensors, TensorTargets, TensorWorker
from ditherlab.protocol import Ability, Cost, Target
from ditherlab.types import DrawCosts, DrawnImages


@dataclass(frozen=True, eq=False)
class DifferentiableCost(Cost):
    """The cost that a differentiable function returns; modules run in evaluation mode.

    The process starts when the first picture is priced, and keeps a module that it has loaded.

    Attributes:
        target: The target; its values replace drawn ones at transparent pixels.
        worker: The process of the function.
    """

    target: Target
    worker: TensorWorker
    abilities: frozenset[Ability] = field(default=frozenset({"value", "gradient"}))

    @classmethod
    def of(cls, source: FunctionSource, target: Target) -> "DifferentiableCost":
        """Bind a function to a target."""
        images = target.images.expand(-1, 3, -1, -1)
        targets = TensorTargets(
            _to_array(images), _to_array(target.opaque), str(target.images.device)
        )
        return cls(target, TensorWorker(source, targets, torch.get_num_threads()))

    def cost(self, images: DrawnImages) -> DrawCosts:
        drawn = self.target.fill_transparent(images).flatten(0, 1).expand(-1, 3, -1, -1)
        if drawn.requires_grad and torch.is_grad_enabled():
            costs: Tensor = _Priced.apply(drawn, self)  # type: ignore[no-untyped-call]
        else:
            costs, _ = self.price(drawn, has_gradient=False)
        return costs.view(images.shape[:2])

    def price(self, pictures: Tensor, *, has_gradient: bool) -> tuple[Tensor, Tensor | None]:
        """Price pictures `[n 3 h w]`; also return the gradient of each cost in its picture.

        Raises:
            ObjectiveError: If the function fails, or does not return a number for each picture.
            DeadlineError: If the deadline passes first.
        """
        priced = self.worker.price(Tensors(_to_array(pictures), has_gradient))
        costs = torch.from_numpy(priced.costs).to(pictures.device)
        if priced.gradient is None:
            return costs, None
        return costs, torch.from_numpy(priced.gradient).to(pictures)

    def close(self) -> None:
        self.worker.close()


class _Priced(torch.autograd.Function):
    """Costs that are differentiated in the worker, each in its own picture."""

    @staticmethod
    def forward(ctx: Any, pictures: Tensor, cost: DifferentiableCost) -> Tensor:
        costs, gradient = cost.price(pictures, has_gradient=True)
        ctx.save_for_backward(gradient)
        return costs

    @staticmethod
    def backward(ctx: Any, grad_costs: Tensor) -> tuple[Tensor, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * grad_costs.to(gradient)[:, None, None, None], None


def _to_array(tensor: Tensor) -> np.ndarray:
    return np.ascontiguousarray(tensor.detach().cpu().numpy())
