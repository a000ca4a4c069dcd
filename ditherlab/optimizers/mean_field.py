"""Mean-field annealing: sets a random part of the pixels to their best response in each step."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Int
from torch import Tensor

from ditherlab.errors import AbilityError, RequestError
from ditherlab.protocol import Estimate, Kept, Optimizer
from ditherlab.types import Logits, Probs


@dataclass
class MeanFieldState(Kept):
    """The probabilities, and the pixels that are left to visit in this sweep."""

    probs: Probs
    unvisited: Int[Tensor, "n"]


@dataclass(frozen=True)
class MeanField(Optimizer):
    """Set `p_ik` proportional to `exp(-Q_ik / T)` at a random part of the pixels in each step.

    This is the minimum of `cost - T * mean entropy` in one pixel while the others are fixed, and a
    natural gradient step of full length. Pixels that interact through the eye's blur must not move
    together, because they would overshoot and oscillate. So each step moves a random part, and a
    sweep of steps visits every pixel once. Needs an estimator that gives color costs.

    Source: Jan Puzicha et al., "On Spatial Quantization of Color Images", IEEE TIP 2000, sec. IV,
    for mean-field annealing of pixels and palette.

    Attributes:
        learning_rate: The fraction of the pixels that moves in each step, above 0 to 1.
    """

    needs_color_costs: ClassVar[bool] = True

    learning_rate: float = 0.035

    def __post_init__(self) -> None:
        if not 0 < self.learning_rate <= 1:
            raise RequestError(
                "`mean-field(learning_rate=...)` must be above 0 and at most 1, got "
                f"{self.learning_rate:g}: it is the part of the pixels that moves in each step."
            )

    def start(self, logits: Logits) -> MeanFieldState:
        return MeanFieldState(logits.softmax(dim=1), torch.empty(0, dtype=torch.int64))

    def step(
        self,
        state: MeanFieldState,
        estimate: Estimate,
        temperature: float,
        generator: torch.Generator,
    ) -> Probs:
        if estimate.color_costs is None:
            raise AbilityError("`mean-field` needs an estimator that gives color costs: `moments`.")
        positions = self.next_part(state, generator)
        _, _, height, width = state.probs.shape
        # A cost is a mean over pixels, a temperature belongs to one of them.
        energies = estimate.color_costs.at(positions) * (height * width / -temperature)
        flat = state.probs.view(*state.probs.shape[:2], -1)
        flat.index_copy_(2, positions, energies.softmax(dim=1))
        return state.probs

    def next_part(self, state: MeanFieldState, generator: torch.Generator) -> Int[Tensor, "n"]:
        """Return the pixels that move in the next step, in memory order."""
        num_pixels = state.probs.shape[2] * state.probs.shape[3]
        if len(state.unvisited) == 0:
            state.unvisited = torch.randperm(
                num_pixels, generator=generator, device=state.probs.device
            )
        size = max(1, round(num_pixels * self.learning_rate))
        part, state.unvisited = state.unvisited[:size], state.unvisited[size:]
        # In memory order, reading and writing them takes half the time.
        return part.sort().values
