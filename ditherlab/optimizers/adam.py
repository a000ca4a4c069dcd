"""Adam on the logits."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ditherlab.errors import RequestError
from ditherlab.protocol import Estimate, Optimizer, apply_softmax_jacobian
from ditherlab.types import Logits, Probs


@dataclass
class AdamState:
    """The logits and torch's optimizer, which holds the moments of their gradient."""

    logits: Logits
    adam: torch.optim.Adam


@dataclass(frozen=True)
class Adam(Optimizer):
    """Gradient descent on the logits with Adam's step sizes.

    Source: Diederik P. Kingma and Jimmy Ba, "Adam: A Method for Stochastic Optimization",
    ICLR 2015, algorithm 1.

    Attributes:
        learning_rate: In logits a step.
    """

    learning_rate: float = 0.1

    def __post_init__(self) -> None:
        if not 0 < self.learning_rate < float("inf"):
            raise RequestError(
                f"`adam(learning_rate=...)` must be above 0, got {self.learning_rate:g}."
            )

    def start(self, logits: Logits) -> AdamState:
        leaf = logits.clone()
        # Costs are means over all pixels, so a pixel's gradient is tiny and torch's default epsilon
        # would drown it; much smaller, and squares that underflow would become giant steps.
        adam = torch.optim.Adam([leaf], lr=self.learning_rate, eps=1e-16, foreach=False)
        return AdamState(leaf, adam)

    def step(
        self, state: AdamState, estimate: Estimate, temperature: float, generator: torch.Generator
    ) -> Probs:
        gradient = estimate.grad_logits
        if temperature > 0:
            gradient = gradient + temperature * _negentropy_gradient(state.logits)
        state.logits.grad = gradient
        state.adam.step()
        state.logits.grad = None
        return state.logits.softmax(dim=1)


def _negentropy_gradient(logits: Logits) -> Tensor:
    log_probs = logits.log_softmax(dim=1)
    num_pixels = logits.shape[2] * logits.shape[3]
    return apply_softmax_jacobian(log_probs.exp(), log_probs).div_(num_pixels)
