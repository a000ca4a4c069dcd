"""The expected cost of drawn categories as a tensor that can be differentiated."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ditherlab.errors import AbilityError
from ditherlab.estimators.hard_pixels import StraightThrough
from ditherlab.programs.choice import AnyEstimator
from ditherlab.programs.estimated_gradient import refuse_second_derivative
from ditherlab.programs.estimation import Run
from ditherlab.programs.function_cost import Draws, Function, gradient_error
from ditherlab.programs.straight_through import draw_through
from ditherlab.types import PictureCosts


def expected_cost(
    cost: Function,
    logits: Float[Tensor, "..."],
    estimator: AnyEstimator = "leave-one-out",
    *,
    num_samples: int | None = None,
    num_batch_dims: int = 0,
    draws: Draws = "one-hots",
    generator: torch.Generator | None = None,
    temperature: float | None = None,
) -> Float[Tensor, "..."]:
    """Return `E[cost(x)]`, estimated on hard draws, with both terms of its gradient.

    `grad E[f] = E[f grad log p(x)] + E[grad f]`. `backward` puts the first term, the estimator's
    gradient, into the logits and everything upstream of them, and the second, the derivative of the
    value, into everything that `cost` uses: parameters of a decoder, or the logits themselves if
    the cost holds `log q(x)`.

    The gradient for the logits can be differentiated once only. How the derivatives of what `cost`
    uses depend on the logits is not estimated: a penalty on them trains nothing before the draws.
    Where gradients are off, as under `torch.no_grad`, only the value is computed, on as many draws.

    Estimators with a state, such as a moving baseline, need `expected_cost_and_state` or a
    `StochasticLayer`, which keep it from call to call.

    Args:
        cost: Takes draws `[s *batch *variables k]` and returns the cost of each, `[s]` or
            `[s *batch]`, as in `estimate`.
        logits: Unnormalized log probabilities `[*batch *variables k]`.
        estimator: As in `estimate`.
        num_samples: As in `estimate`.
        num_batch_dims: As in `estimate`.
        draws: As in `estimate`.
        generator: As in `estimate`.
        temperature: As in `estimate`.

    Returns:
        The mean cost of hard draws: a scalar, or `[*batch]`; float32 for logits of fewer bits.

    Raises:
        AbilityError: If the estimator needs what only pictures have, or a gradient that the cost
            lacks; the message names what works.
        RequestError: For unknown words, or a cost of the wrong shape.

    Source: the surrogate whose gradient is that of the expectation is that of John Schulman et al.,
    "Gradient Estimation Using Stochastic Computation Graphs", NeurIPS 2015, eq. 6.

    Example:
        >>> logits = torch.zeros(4, 2, requires_grad=True)  # four coins
        >>> slope = torch.tensor(3.0, requires_grad=True)
        >>> def cost(x):
        ...     return slope * x[..., 1].sum(dim=-1)
        >>> value = expected_cost(cost, logits, "exact")
        >>> value.backward()
        >>> float(value.detach()), float(slope.grad), logits.grad[0].tolist()
        (6.0, 2.0, [-0.75, 0.75])
    """
    value, _ = expected_cost_and_state(
        cost,
        logits,
        estimator,
        None,
        num_samples=num_samples,
        num_batch_dims=num_batch_dims,
        draws=draws,
        generator=generator,
        temperature=temperature,
    )
    return value


def expected_cost_and_state(
    cost: Function,
    logits: Float[Tensor, "..."],
    estimator: AnyEstimator,
    state: Any,
    *,
    num_samples: int | None = None,
    num_batch_dims: int = 0,
    draws: Draws = "one-hots",
    generator: torch.Generator | None = None,
    temperature: float | None = None,
) -> tuple[Float[Tensor, "..."], Any]:
    """Return the result of `expected_cost`, and the state for the next call.

    Args:
        cost: As in `expected_cost`.
        logits: As in `expected_cost`.
        estimator: As in `expected_cost`.
        state: The state that the last call returned; None at first.
        num_samples: As in `expected_cost`.
        num_batch_dims: As in `expected_cost`.
        draws: As in `expected_cost`.
        generator: As in `expected_cost`.
        temperature: As in `expected_cost`.

    Raises:
        AbilityError: As `expected_cost`.
        RequestError: As `expected_cost`.
    """
    follows_value = torch.is_grad_enabled()
    run = Run.of(
        cost,
        logits,
        estimator,
        num_samples=num_samples,
        num_batch_dims=num_batch_dims,
        draws=draws,
        generator=generator,
        temperature=temperature,
        follows_value=follows_value,
    )
    if not follows_value and run.estimator.noise != "none":
        return run.price_draws(), state
    if isinstance(run.estimator, StraightThrough):
        # The pixel gradients come with the others, in one backward pass.
        drawn = draw_through(run, run.estimator, logits)
        costs = run.cost.price(drawn)
        if drawn.requires_grad and not _is_made_of(costs, drawn):
            raise gradient_error()
        return costs.to(run.model.probs.dtype).mean(dim=0), None
    estimate, state = run.estimate(state)
    if not follows_value:
        return run.per_element(estimate.value), state
    first, *others = _followed(run)
    value = run.per_element(sum(others, first))
    if not logits.requires_grad:
        return value, state
    gradient = run.logit_gradient(estimate)
    surrogate: Tensor = _WithGradient.apply(value, logits, gradient)  # type: ignore[no-untyped-call]
    return surrogate, state


def _followed(run: Run) -> list[PictureCosts]:
    """Return the shares of the value, with their derivatives in what the cost uses."""
    if not run.cost.parts:
        raise AbilityError(
            f"`{run.estimator}` must price its draws by `HardPrices.of` or `cost.price_draws`: "
            "otherwise no gradient would reach what the cost uses."
        )
    return run.cost.parts


def _is_made_of(result: Tensor, source: Tensor) -> bool:
    """Return whether gradients of a result arrive at a source."""
    open_nodes, seen = [result.grad_fn], set()
    while open_nodes:
        node = open_nodes.pop()
        if node is source.grad_fn:
            return True
        if node is not None and node not in seen:
            seen.add(node)
            open_nodes += [before for before, _ in node.next_functions]
    return False


class _WithGradient(torch.autograd.Function):
    """A value whose gradient for the logits was estimated before."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, logits: Tensor, gradient: Tensor) -> Tensor:
        ctx.save_for_backward(gradient, logits)
        ctx.dtype = logits.dtype
        # No view: torch refuses `loss += penalty` on a view from a custom function.
        return value.clone()

    @staticmethod
    def backward(ctx: Any, grad_value: Tensor) -> tuple[Tensor, Tensor, None]:
        gradient = refuse_second_derivative(*ctx.saved_tensors)
        num_axes = gradient.dim() - grad_value.dim()
        weighted = grad_value.reshape(*grad_value.shape, *[1] * num_axes) * gradient
        # Cast only now: a scaled loss has gradients that would vanish in half precision before.
        return grad_value, weighted.to(ctx.dtype), None
