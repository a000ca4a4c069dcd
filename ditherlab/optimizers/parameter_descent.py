"""Adam on parameters that many pixels share, such as a palette or a mask."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ditherlab.protocol import Kept

_MEAN_DECAY = 0.9
# The gradient of such parameters is a mean over many pixels and varies little, so its size can be
# estimated from fewer steps.
_SQUARE_DECAY = 0.99
_SMALLEST_GRADIENT = 1e-16


@dataclass
class ParameterState(Kept):
    """Parameters, and the decaying means of their gradient and of the gradient's square."""

    parameters: Tensor
    mean: Tensor
    mean_square: Tensor
    num_steps: int = 0


@dataclass(frozen=True)
class ParameterDescent:
    """Gradient descent with Adam's step sizes.

    `torch.optim.Adam` is not used, because its first step loads torch's compiler, which takes two
    seconds of CPU time.

    Source: Diederik P. Kingma and Jimmy Ba, "Adam: A Method for Stochastic Optimization",
    ICLR 2015, algorithm 1.

    Attributes:
        learning_rate: In units of the parameters per step.
    """

    learning_rate: float

    def start(self, parameters: Tensor) -> ParameterState:
        """Make the state before the first step."""
        zeros = torch.zeros_like(parameters)
        return ParameterState(parameters.clone(), zeros, zeros.clone())

    def step(self, state: ParameterState, gradient: Tensor, rate: float = 1.0) -> Tensor:
        """Take one step, change `state` in place and return its parameters.

        Args:
            state: The state that `start` returned.
            gradient: The gradient at its parameters.
            rate: A factor on the learning rate.
        """
        state.num_steps += 1
        state.mean.lerp_(gradient, 1 - _MEAN_DECAY)
        state.mean_square.lerp_(gradient.square(), 1 - _SQUARE_DECAY)
        mean = state.mean / (1 - _MEAN_DECAY**state.num_steps)
        size = (state.mean_square / (1 - _SQUARE_DECAY**state.num_steps)).sqrt()
        length = -self.learning_rate * rate
        return state.parameters.addcdiv_(mean, size.add_(_SMALLEST_GRADIENT), value=length)
