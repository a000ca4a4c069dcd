"""A layer of a network that draws categories."""

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ditherlab.errors import AbilityError, RequestError
from ditherlab.estimators.hard_pixels import StraightThrough
from ditherlab.naming import spell_value
from ditherlab.programs.categories import Categories
from ditherlab.programs.choice import AnyEstimator, choose_estimator
from ditherlab.programs.estimation import Run
from ditherlab.programs.function_cost import Function
from ditherlab.programs.straight_through import draw_through
from ditherlab.programs.surrogate import expected_cost_and_state
from ditherlab.solver.packing import pack, unpack

LogitsKey = tuple[tuple[int, ...], str, str]
"""The shape, type and device of logits."""


# Where torch keeps what `get_extra_state` returns.
_EXTRA_STATE = "_extra_state"

# States for more shapes of logits would only take memory.
_MOST_STATES = 16


class StochasticLayer(nn.Module):
    """A layer that draws independent categories, and trains what comes before and after it.

    `layer(logits, cost)` returns the expected cost, by any estimator: `cost` is the rest of the
    network with its loss. `layer(logits)` returns one-hots to go on with; while training, only
    estimators of the straight-through family (`st`, `st-gumbel`, `gumbel-rao`, `gst`, `reinmax`,
    `darn`) can do that, because the others need the costs of several draws. In evaluation mode, or
    without gradients, any layer draws.

    What an estimator keeps between calls, such as a moving baseline, lies in the layer, apart for
    each of the last 16 shapes of logits, and in its `state_dict`. It changes in training mode only.

    Args:
        num_categories: The number of categories of each variable.
        estimator: An estimator or its words, such as `leave-one-out(num_samples=8)`.
        num_samples: Draws of each element of the batch for a cost; None for the estimator's own
            number. Without a cost, there is one draw.
        num_batch_dims: The number of leading axes that are a batch.
        generator: As in `expected_cost`.

    Attributes:
        temperature: For relaxations, replaces their own temperature; may be changed while training.

    Raises:
        RequestError: For unknown words, or fewer than two categories.
        AbilityError: If the estimator needs what only pictures have, or another number of
            categories.

    Example:
        >>> layer = StochasticLayer(4, "reinmax")
        >>> layer(torch.zeros(5, 12)).shape  # three variables for each of five elements
        torch.Size([5, 3, 4])
    """

    temperature: float | None

    def __init__(
        self,
        num_categories: int,
        estimator: AnyEstimator = "leave-one-out",
        *,
        num_samples: int | None = None,
        num_batch_dims: int = 1,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(num_categories, int) or num_categories < 2:
            raise RequestError(
                "`num_categories` must be a whole number of at least 2, got "
                f"{spell_value(num_categories)}."
            )
        self.num_categories = num_categories
        # What can be refused for every shape of the logits is refused here.
        alone = Categories(batch=(), variables=(), num_categories=num_categories)
        self.estimator = choose_estimator(estimator, num_samples, alone, "one-hots")
        self.num_batch_dims = num_batch_dims
        self.generator = generator
        self.temperature = None
        self._states: dict[LogitsKey, Any] = {}
        self.register_state_dict_post_hook(_leave_out_no_states)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_pre_hook(_add_no_states)  # type: ignore[no-untyped-call]

    def forward(
        self, logits: Float[Tensor, "..."], cost: Function | None = None
    ) -> Float[Tensor, "..."]:
        """Return the expected cost `[*batch]`, or one draw `[*batch *variables k]` without a cost.

        Args:
            logits: `[*batch *variables k]`, or `[*batch n*k]` for n variables.
            cost: Takes draws `[s *batch *variables k]` and returns their costs `[s *batch]`.

        Raises:
            RequestError: If the logits have another shape, or the cost returns one.
            AbilityError: If the estimator cannot pass gradients to a draw, or needs what the cost
                lacks.
        """
        logits = self._with_categories(logits)
        if cost is None:
            return self._draw(logits)
        key = (tuple(logits.shape), str(logits.dtype), str(logits.device))
        value: Tensor
        value, state = expected_cost_and_state(
            cost,
            logits,
            self.estimator,
            self._states.get(key),
            num_batch_dims=self.num_batch_dims,
            generator=self.generator,
            temperature=self.temperature,
        )
        # In evaluation mode nothing may be learned from the data.
        if self.training and state is not None:
            self._states.pop(key, None)
            self._states[key] = state
            while len(self._states) > _MOST_STATES:
                del self._states[next(iter(self._states))]
        return value

    def extra_repr(self) -> str:
        """Describe the layer in the representation of a network."""
        return f"{self.num_categories}, '{self.estimator}', num_batch_dims={self.num_batch_dims}"

    def get_extra_state(self) -> list[Mapping[str, Any]]:
        """Return the states of the estimator as plain values and tensors, for `state_dict`."""
        packed = ((key, pack(state)) for key, state in self._states.items())
        return [
            {"key": list(key), "state": state, "tensors": tensors}
            for key, (state, tensors) in packed
        ]

    def set_extra_state(self, state: list[Mapping[str, Any]]) -> None:
        """Take the states of `get_extra_state`."""
        self._states = {}
        for saved in state:
            shape, dtype, name = saved["key"]
            device = _here(name)
            key = (tuple(shape), dtype, str(device))
            self._states[key] = unpack(saved["state"], saved["tensors"], device)

    def _with_categories(self, logits: Tensor) -> Tensor:
        if not isinstance(logits, Tensor):
            raise RequestError(f"The logits must be a tensor, got {spell_value(logits)}.")
        num_values = logits.shape[-1] if logits.dim() else 0
        if num_values == self.num_categories:
            return logits
        if num_values and num_values % self.num_categories == 0:
            return logits.reshape(*logits.shape[:-1], -1, self.num_categories)
        raise RequestError(
            f"The last axis of the logits must hold {self.num_categories} categories, or those of "
            f"several variables, got the shape {list(logits.shape)}."
        )

    def _draw(self, logits: Tensor) -> Tensor:
        run = Run.of(
            _no_cost,
            logits,
            self.estimator,
            num_samples=None,
            num_batch_dims=self.num_batch_dims,
            draws="one-hots",
            generator=self.generator,
            temperature=self.temperature,
        )
        if isinstance(run.estimator, StraightThrough):
            if run.estimator.num_draws != 1:
                raise RequestError(
                    f"`{self.estimator}` must have one sample where the layer is called without a "
                    f"cost, got {run.estimator.num_draws}. Leave `num_samples` out, or repeat the "
                    "logits."
                )
            drawn: Tensor = draw_through(run, run.estimator, logits)[0]
            return drawn
        if self.training and torch.is_grad_enabled() and logits.requires_grad:
            raise AbilityError(
                f"`{self.estimator}` needs the costs of draws, so while training the layer must be "
                "called with a cost: `layer(logits, cost)`. Use `reinmax`, or another estimator of "
                "the straight-through family, to draw without one."
            )
        indices = run.model.draw_indices(1, run.generator)
        one_hots: Tensor = run.categories.values(run.model.images(indices))[0]
        return one_hots.to(logits.dtype)


def _leave_out_no_states(
    layer: nn.Module, state_dict: dict[str, Any], prefix: str, metadata: object
) -> None:
    """Leave the states out of a `state_dict` where there are none: most estimators keep nothing."""
    del layer, metadata
    if not state_dict.get(prefix + _EXTRA_STATE, True):
        del state_dict[prefix + _EXTRA_STATE]


def _add_no_states(
    layer: nn.Module, state_dict: dict[str, Any], prefix: str, *others: object
) -> None:
    """Let weights without states be loaded strictly."""
    del layer, others
    state_dict.setdefault(prefix + _EXTRA_STATE, [])


def _here(name: str) -> torch.device:
    """Return a device; the CPU if this machine lacks it."""
    try:
        return torch.empty(0, device=name).device
    except (AssertionError, RuntimeError):
        return torch.device("cpu")


def _no_cost(draws: Tensor) -> Tensor:
    return draws.new_zeros(len(draws))
