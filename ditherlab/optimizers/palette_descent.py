"""Adam on a palette that stays inside the display's gamut."""

from dataclasses import dataclass

import torch

from ditherlab.types import Colors

_MEAN_DECAY = 0.9
# Colors see the mean of many pixels: their gradient is steady, and its size is learned sooner.
_SQUARE_DECAY = 0.99
_SMALLEST_GRADIENT = 1e-16


@dataclass
class PaletteState:
    """The palette, and the decaying means of its gradient and of the gradient's square."""

    palette: Colors
    mean: Colors
    mean_square: Colors
    num_steps: int = 0


@dataclass(frozen=True)
class PaletteDescent:
    """Gradient descent on display sRGB colors with Adam's step sizes, projected to [0, 1].

    Written out, as torch's own Adam loads torch's compiler at its first step: two seconds of CPU.

    Source: Diederik P. Kingma and Jimmy Ba, "Adam: A Method for Stochastic Optimization",
    ICLR 2015, algorithm 1.

    Attributes:
        learning_rate: In units of sRGB a step.
    """

    learning_rate: float = 0.01

    def start(self, palette: Colors) -> PaletteState:
        """Make the state before the first step."""
        return PaletteState(palette.clone(), torch.zeros_like(palette), torch.zeros_like(palette))

    def step(self, state: PaletteState, grad_palette: Colors) -> Colors:
        """Take one step, change `state` in place and return the new palette."""
        state.num_steps += 1
        state.mean.lerp_(grad_palette, 1 - _MEAN_DECAY)
        state.mean_square.lerp_(grad_palette.square(), 1 - _SQUARE_DECAY)
        mean = state.mean / (1 - _MEAN_DECAY**state.num_steps)
        size = (state.mean_square / (1 - _SQUARE_DECAY**state.num_steps)).sqrt()
        state.palette.addcdiv_(mean, size.add_(_SMALLEST_GRADIENT), value=-self.learning_rate)
        return state.palette.clamp_(0, 1)
