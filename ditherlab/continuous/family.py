"""A family of continuous distributions: what gradient estimators ask of it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

Draws = Float[Tensor, "*n"]
"""Real numbers that were drawn; for vectors, such as Dirichlet's, the last axis holds one."""

Parameters = Mapping[str, Tensor]
"""The parameters of a family by name; each of the shape of the draws, or of one number."""


@dataclass(frozen=True)
class WeakDerivative:
    """The derivative of a distribution by a parameter, as a difference of two distributions.

    `d/dtheta E f(x) = constant * (E f(positive) - E f(negative))`, for any `f`.

    Attributes:
        constant: What the difference is multiplied by.
        positive: Draws from the first distribution.
        negative: Draws from the second, coupled with those from the first.
    """

    constant: Tensor
    positive: Draws
    negative: Draws


class Family(ABC):
    """Distributions of a real number, or of a vector, that smoothly depend on parameters.

    A family offers what it has: `path`, where draws move with the parameters; `cdf`, from which the
    implicit derivative of a draw follows; `weak_derivative`, a measure-valued derivative. What it
    lacks is None, and an estimator that needs it refuses the family.
    """

    names: tuple[str, ...]
    """Of the parameters."""

    moves_support = False
    """Whether it depends on the parameters where the density is above zero."""

    @abstractmethod
    def draw(self, parameters: Parameters, num_draws: int, generator: torch.Generator) -> Draws:
        """Draw independently."""

    @abstractmethod
    def log_density(self, parameters: Parameters, draws: Draws) -> Draws:
        """Return the logarithm of the density at each draw."""

    def path(
        self, parameters: Parameters, num_draws: int, generator: torch.Generator
    ) -> Draws | None:
        """Draw so that autograd knows how each draw moves with the parameters."""
        del parameters, num_draws, generator
        return None

    def cdf(self, parameters: Parameters, draws: Draws) -> Draws | None:
        """Return the probability of what lies below each draw."""
        del parameters, draws
        return None

    def weak_derivative(
        self, name: str, parameters: Parameters, num_draws: int, generator: torch.Generator
    ) -> WeakDerivative | None:
        """Draw from the two distributions whose difference is the derivative by a parameter."""
        del name, parameters, num_draws, generator
        return None

    def mean_and_variance(self, parameters: Parameters) -> tuple[Tensor, Tensor] | None:
        """Return the two moments, differentiable in the parameters."""
        del parameters
        return None


class PathFamily(Family):
    """A family whose draws are paths in the parameters: noise of their own, moved by them."""

    @abstractmethod
    def move(self, parameters: Parameters, num_draws: int, generator: torch.Generator) -> Draws:
        """Draw, differentiable in the parameters."""

    def draw(self, parameters: Parameters, num_draws: int, generator: torch.Generator) -> Draws:
        with torch.no_grad():
            return self.move(parameters, num_draws, generator)

    def path(
        self, parameters: Parameters, num_draws: int, generator: torch.Generator
    ) -> Draws | None:
        return self.move(parameters, num_draws, generator)
