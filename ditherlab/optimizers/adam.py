"""Adam on the logits, a few rows at a time."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ditherlab.errors import RequestError
from ditherlab.protocol import ColorCosts, Estimate, Kept, Optimizer, apply_softmax_jacobian
from ditherlab.types import Logits, Probs

_MEAN_DECAY = 0.9
_SQUARE_DECAY = 0.999

# The gradient of a color that is nearly excluded at a pixel is tiny. Below this floor, in costs of
# a pixel, the steps shrink; without it, the square would underflow and the step explode.
_SMALLEST_GRADIENT = 1e-12

# A dozen operations run on the same numbers. Parts that fit into the cache of a CPU are a third
# faster, and no temporary is as large as the logits.
_CPU_PART = 1 << 17
_ACCELERATOR_PART = 1 << 24


@dataclass
class AdamState(Kept):
    """The logits, the decaying means of their gradient and its square, and the probabilities."""

    logits: Logits
    mean: Logits
    mean_square: Logits
    probs: Probs
    num_steps: int = 0


@dataclass(frozen=True)
class Adam(Optimizer):
    """Gradient descent on the logits with Adam's step sizes.

    Source: Diederik P. Kingma and Jimmy Ba, "Adam: A Method for Stochastic Optimization",
    ICLR 2015, algorithm 1.

    Attributes:
        learning_rate: In logits per step.
    """

    learning_rate: float = 0.1

    def __post_init__(self) -> None:
        if not 0 < self.learning_rate < float("inf"):
            raise RequestError(
                f"`adam(learning_rate=...)` must be above 0, got {self.learning_rate:g}."
            )

    def start(self, logits: Logits) -> AdamState:
        return AdamState(
            logits.clone(),
            torch.zeros_like(logits),
            torch.zeros_like(logits),
            logits.softmax(dim=1),
        )

    def step(
        self, state: AdamState, estimate: Estimate, temperature: float, generator: torch.Generator
    ) -> Probs:
        state.num_steps += 1
        # The cost is a mean over pixels, while the temperature applies to one pixel.
        num_pixels = state.logits.shape[2] * state.logits.shape[3]
        for rows in _parts(state.logits):
            gradient = _gradient_of_rows(estimate, rows) * num_pixels
            logits = state.logits[:, :, rows]
            if temperature > 0:
                gradient.add_(_negentropy_gradient(logits), alpha=temperature)
            logits += self._change(state, gradient, rows)
            state.probs[:, :, rows] = logits.softmax(dim=1)
        return state.probs

    def _change(self, state: AdamState, gradient: Logits, rows: slice) -> Logits:
        mean = state.mean[:, :, rows].lerp_(gradient, 1 - _MEAN_DECAY)
        square = state.mean_square[:, :, rows].lerp_(
            gradient.square().add_(_SMALLEST_GRADIENT**2), 1 - _SQUARE_DECAY
        )
        mean_weight = 1 - _MEAN_DECAY**state.num_steps
        square_weight = 1 - _SQUARE_DECAY**state.num_steps
        scale = self.learning_rate * square_weight**0.5 / mean_weight
        return square.rsqrt().mul_(mean).mul_(-scale)


def _parts(logits: Logits) -> Iterator[slice]:
    b, k, height, width = logits.shape
    size = _CPU_PART if logits.device.type == "cpu" else _ACCELERATOR_PART
    num_rows = max(1, size // (b * k * width))
    for top in range(0, height, num_rows):
        yield slice(top, top + num_rows)


def _gradient_of_rows(estimate: Estimate, rows: slice) -> Logits:
    """Return some rows of `estimate.grad_logits`, without computing the others."""
    costs, probs = estimate.color_costs, estimate.probs
    if estimate.logit_gradient is not None or costs is None or probs is None:
        return estimate.grad_logits[:, :, rows]
    dense = ColorCosts(costs.table, costs.field[:, :, rows]).dense()
    return apply_softmax_jacobian(probs[:, :, rows], dense)


def _negentropy_gradient(logits: Logits) -> Tensor:
    log_probs = logits.log_softmax(dim=1)
    return apply_softmax_jacobian(log_probs.exp(), log_probs)
