"""Adam on the colors of a palette, projected to the display's gamut."""

from dataclasses import dataclass

from ditherlab.optimizers.parameter_descent import ParameterDescent, ParameterState
from ditherlab.types import Colors


@dataclass(frozen=True)
class PaletteDescent:
    """Gradient descent on display sRGB colors with Adam's step sizes, projected to [0, 1].

    Attributes:
        learning_rate: In units of sRGB per step.
    """

    learning_rate: float = 0.01

    def start(self, palette: Colors) -> ParameterState:
        """Make the state before the first step."""
        return ParameterDescent(self.learning_rate).start(palette)

    def step(self, state: ParameterState, grad_palette: Colors) -> Colors:
        """Take one step, change `state` in place and return the new palette."""
        return ParameterDescent(self.learning_rate).step(state, grad_palette).clamp_(0, 1)
