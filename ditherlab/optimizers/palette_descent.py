"""Adam on a palette that stays inside the display's gamut."""

from dataclasses import dataclass

import torch

from ditherlab.types import Colors


@dataclass
class PaletteState:
    """The palette and torch's optimizer."""

    palette: Colors
    adam: torch.optim.Adam


@dataclass(frozen=True)
class PaletteDescent:
    """Gradient descent on display sRGB colors, projected to [0, 1].

    Attributes:
        learning_rate: In units of sRGB a step.
    """

    learning_rate: float = 0.01

    def start(self, palette: Colors) -> PaletteState:
        """Make the state before the first step."""
        leaf = palette.clone()
        adam = torch.optim.Adam([leaf], lr=self.learning_rate, betas=(0.9, 0.99), eps=1e-16)
        return PaletteState(leaf, adam)

    def step(self, state: PaletteState, grad_palette: Colors) -> Colors:
        """Take one step, change `state` in place and return the new palette."""
        state.palette.grad = grad_palette
        state.adam.step()
        state.palette.clamp_(0, 1)
        return state.palette
