"""Hard draws that pass gradients to the logits, by an estimator of the straight-through family."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ditherlab.estimators.hard_pixels import HardPixels, StraightThrough
from ditherlab.programs.estimated_gradient import refuse_second_derivative
from ditherlab.programs.estimation import Run


def draw_through(
    run: Run, estimator: StraightThrough, logits: Float[Tensor, "..."]
) -> Float[Tensor, "..."]:
    """Draw one-hots `[s *batch *variables k]` whose gradients the estimator maps to the logits.

    Args:
        run: The call of the estimator.
        estimator: Its estimator.
        logits: The logits, connected to what they come from.
    """
    with torch.no_grad():
        draws = estimator.draw(run.model, run.generator)
        indices = estimator.drawn_indices(draws, run.model)

    def pull_back(grad_one_hots: Tensor) -> Tensor:
        grads = run.categories.pictures(grad_one_hots.to(run.model.probs.dtype))
        # The estimator returns the mean over the draws; here, their gradients add up.
        no_costs = grads.new_zeros(indices.shape[:2])
        hard = HardPixels(indices, no_costs, len(indices) * grads, None)
        pulled = estimator.pull_back(hard, draws, run.model, run.temperature)
        return run.categories.logits(pulled).to(logits.dtype)

    one_hots = run.categories.values(run.model.images(indices)).to(logits.dtype)
    drawn: Tensor = _DrawThrough.apply(logits, one_hots, pull_back)  # type: ignore[no-untyped-call]
    return drawn


class _DrawThrough(torch.autograd.Function):
    """Draws with a given map from their gradients to one for the logits."""

    @staticmethod
    def forward(
        ctx: Any, logits: Tensor, one_hots: Tensor, pull_back: Callable[[Tensor], Tensor]
    ) -> Tensor:
        ctx.save_for_backward(logits)
        ctx.pull_back = pull_back
        # No view: torch refuses `codes += 1` on a view from a custom function.
        return one_hots.clone()

    @staticmethod
    def backward(ctx: Any, grad_one_hots: Tensor) -> tuple[Tensor, None, None]:
        with torch.no_grad():
            gradient = ctx.pull_back(grad_one_hots)
        return refuse_second_derivative(gradient, *ctx.saved_tensors, grad_one_hots), None, None
