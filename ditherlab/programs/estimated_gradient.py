"""Gradients that were estimated, and so cannot be differentiated again."""

from typing import Any

import torch
from torch import Tensor

from ditherlab.errors import AbilityError


def refuse_second_derivative(gradient: Tensor, *sources: Tensor) -> Tensor:
    """Return an estimated gradient; to differentiate it raises an error instead of giving zero.

    Args:
        gradient: The gradient, without a graph.
        sources: What it depends on.
    """
    if not torch.is_grad_enabled():
        return gradient
    estimated: Tensor = _EstimatedGradient.apply(gradient, *sources)  # type: ignore[no-untyped-call]
    return estimated


class _EstimatedGradient(torch.autograd.Function):
    """A gradient whose own derivative is not known."""

    @staticmethod
    def forward(ctx: Any, gradient: Tensor, *sources: Tensor) -> Tensor:
        del ctx, sources
        return gradient.clone()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        del ctx, grads
        raise AbilityError(
            "The gradient for the logits must be differentiated at most once: it is an estimate, "
            "whose own derivative is not known. Leave `create_graph` out."
        )
