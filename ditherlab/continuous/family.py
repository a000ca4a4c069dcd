"""Families of continuous distributions: the interface that gradient estimators use."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

Draws = Float[Tensor, "*n"]
"""Drawn real numbers; for vectors, as of `Dirichlet`, the last axis is that of the vector."""

Parameters = Mapping[str, Tensor]
"""The parameters of a family by name; each has the shape of the draws, or is a scalar."""


@dataclass(frozen=True)
class WeakDerivative:
    """The derivative of a distribution by a parameter, as a difference of two distributions.

    `d/dtheta E f(x) = constant * (E f(positive) - E f(negative))`, for any `f`.

    Attributes:
        constant: The factor of the difference.
        positive: Draws from the first distribution.
        negative: Draws from the second distribution, coupled with those from the first.
    """

    constant: Tensor
    positive: Draws
    negative: Draws


class Family(ABC):
    """Distributions of a real number, or of a vector, that depend smoothly on parameters.

    These methods are optional: `path` for draws that are differentiable in the parameters, `cdf`
    for implicit derivatives, `weak_derivative` for measure-valued derivatives. A method that a
    family lacks returns None, and estimators that need it refuse the family.
    """

    names: tuple[str, ...]
    """The names of the parameters."""

    moves_support = False
    """True if the support of the density depends on the parameters."""

    @abstractmethod
    def draw(self, parameters: Parameters, num_draws: int, generator: torch.Generator) -> Draws:
        """Draw independently."""

    @abstractmethod
    def log_density(self, parameters: Parameters, draws: Draws) -> Draws:
        """Return the logarithm of the density at each draw."""

    def path(
        self, parameters: Parameters, num_draws: int, generator: torch.Generator
    ) -> Draws | None:
        """Draw, differentiable in the parameters; None if the family has no such path."""
        del parameters, num_draws, generator
        return None

    def cdf(self, parameters: Parameters, draws: Draws) -> Draws | None:
        """Return the cumulative probability at each draw; None if it is not known."""
        del parameters, draws
        return None

    def weak_derivative(
        self, name: str, parameters: Parameters, num_draws: int, generator: torch.Generator
    ) -> WeakDerivative | None:
        """Draw from the two distributions whose difference is the derivative by a parameter.

        Returns None if the family has no weak derivative.
        """
        del name, parameters, num_draws, generator
        return None

    def mean_and_variance(self, parameters: Parameters) -> tuple[Tensor, Tensor] | None:
        """Return the mean and the variance, differentiable in the parameters; None if not known."""
        del parameters
        return None


class PathFamily(Family):
    """A family whose draws are differentiable functions of the parameters and of noise."""

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
