"""Natural gradient descent: the logits move along the colors' costs."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ditherlab.errors import RequestError
from ditherlab.protocol import Estimate, Kept, Optimizer
from ditherlab.types import Logits, Probs

_MEAN_DECAY = 0.9
_SQUARE_DECAY = 0.999

# Added to the probabilities that sampled gradients are divided by; small ones amplify noise.
_DAMPING = 0.03


@dataclass
class NaturalState(Kept):
    """The logits, the decaying mean of the costs, and that of their mean square at each pixel."""

    logits: Logits
    probs: Probs
    mean: Logits
    mean_square: Float[Tensor, "b 1 h w"]
    num_steps: int = 0


@dataclass(frozen=True)
class NaturalGradient(Optimizer):
    """Move the logits along `-(Q + T log p)`: along the colors' costs, not their own gradient.

    The gradient of the logits, `p (Q - <p, Q>)`, vanishes where a pixel is nearly deterministic.
    Divided by the Fisher information of the categorical, it is `Q - <p, Q>`, which does not vanish,
    so such a pixel can still change. If an estimate has no `Q`, its gradient is divided by
    `p + 0.03`. As in Adam, steps are a decaying mean over the root of the mean square; the mean
    square is shared by all colors of a pixel, which preserves the proportions of their costs.

    Source: Shun-ichi Amari, "Natural Gradient Works Efficiently in Learning", Neural Computation
    1998, theorem 1, with the Fisher information `diag(p) - p p^T` of a categorical; the step sizes
    after Kingma and Ba, "Adam", ICLR 2015, algorithm 1.

    Attributes:
        learning_rate: In logits per step.
    """

    learning_rate: float = 0.15

    def __post_init__(self) -> None:
        if not 0 < self.learning_rate < float("inf"):
            raise RequestError(
                "`natural-gradient(learning_rate=...)` must be above 0, got "
                f"{self.learning_rate:g}."
            )

    def start(self, logits: Logits) -> NaturalState:
        zeros = torch.zeros_like(logits)
        return NaturalState(logits.clone(), logits.softmax(dim=1), zeros, zeros[:, :1].clone())

    def step(
        self,
        state: NaturalState,
        estimate: Estimate,
        temperature: float,
        generator: torch.Generator,
    ) -> Probs:
        state.num_steps += 1
        # The cost is a mean over pixels, while the temperature applies to one pixel.
        height, width = state.logits.shape[2:]
        costs = _color_costs(state, estimate) * (height * width)
        if temperature > 0:
            log_probs = state.logits.log_softmax(dim=1)
            costs += temperature * (log_probs - log_probs.mean(dim=1, keepdim=True))
        state.mean.lerp_(costs, 1 - _MEAN_DECAY)
        state.mean_square.lerp_(costs.square().mean(dim=1, keepdim=True), 1 - _SQUARE_DECAY)
        mean_weight = 1 - _MEAN_DECAY**state.num_steps
        square_weight = 1 - _SQUARE_DECAY**state.num_steps
        scale = self.learning_rate * square_weight**0.5 / mean_weight
        tiny = torch.finfo(costs.dtype).tiny
        state.logits -= scale * state.mean / (state.mean_square + tiny).sqrt()
        state.probs = state.logits.softmax(dim=1)
        return state.probs


def _color_costs(state: NaturalState, estimate: Estimate) -> Probs:
    """Return `Q`, or an estimate of it from a sampled gradient, minus its mean over the colors."""
    if estimate.color_costs is not None:
        costs = estimate.color_costs.dense()
    else:
        costs = estimate.grad_logits / (state.probs + _DAMPING)
    return costs - costs.mean(dim=1, keepdim=True)
