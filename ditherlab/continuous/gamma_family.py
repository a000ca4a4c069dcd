"""Gamma, beta and Dirichlet distributions, all made from gamma draws."""

import torch
from torch import Tensor

from ditherlab.continuous.family import Draws, Parameters, PathFamily


class Gamma(PathFamily):
    """The gamma distribution with a concentration and a rate.

    Torch computes the implicit derivative of its draws by the concentration.

    Source: Michael Figurnov et al., "Implicit Reparameterization Gradients", NeurIPS 2018.

    Example:
        >>> at = {"concentration": torch.tensor(2.0), "rate": torch.tensor(4.0)}
        >>> [moment.item() for moment in Gamma().mean_and_variance(at)]
        [0.5, 0.125]
    """

    names = ("concentration", "rate")

    def log_density(self, parameters: Parameters, draws: Draws) -> Draws:
        concentration, rate = parameters["concentration"], parameters["rate"]
        powers = torch.xlogy(concentration, rate) + torch.xlogy(concentration - 1, draws)
        return powers - rate * draws - torch.lgamma(concentration)

    def mean_and_variance(self, parameters: Parameters) -> tuple[Tensor, Tensor] | None:
        mean = parameters["concentration"] / parameters["rate"]
        return mean, mean / parameters["rate"]

    def move(self, parameters: Parameters, num_draws: int, generator: torch.Generator) -> Draws:
        return _gamma_draws(parameters["concentration"], num_draws, generator) / parameters["rate"]


class Beta(PathFamily):
    """The beta distribution: the fraction of one gamma draw in the sum of two.

    Example:
        >>> at = {"alpha": torch.tensor(1.0), "beta": torch.tensor(3.0)}
        >>> Beta().mean_and_variance(at)[0].item()
        0.25
    """

    names = ("alpha", "beta")

    def log_density(self, parameters: Parameters, draws: Draws) -> Draws:
        alpha, beta = parameters["alpha"], parameters["beta"]
        norm = torch.lgamma(alpha + beta) - torch.lgamma(alpha) - torch.lgamma(beta)
        return norm + torch.xlogy(alpha - 1, draws) + torch.xlogy(beta - 1, 1 - draws)

    def mean_and_variance(self, parameters: Parameters) -> tuple[Tensor, Tensor] | None:
        alpha, beta = parameters["alpha"], parameters["beta"]
        mean = alpha / (alpha + beta)
        return mean, mean * (1 - mean) / (alpha + beta + 1)

    def move(self, parameters: Parameters, num_draws: int, generator: torch.Generator) -> Draws:
        first = _gamma_draws(parameters["alpha"], num_draws, generator)
        second = _gamma_draws(parameters["beta"], num_draws, generator)
        return first / (first + second)


class Dirichlet(PathFamily):
    """The Dirichlet distribution: gamma draws over their sum, as vectors in the last axis.

    Example:
        >>> at = {"concentration": torch.ones(3)}
        >>> Dirichlet().log_density(at, torch.tensor([0.2, 0.3, 0.5])).exp().item()
        2.0
    """

    names = ("concentration",)

    def log_density(self, parameters: Parameters, draws: Draws) -> Draws:
        concentration = parameters["concentration"]
        norm = torch.lgamma(concentration.sum(dim=-1)) - torch.lgamma(concentration).sum(dim=-1)
        return norm + torch.xlogy(concentration - 1, draws).sum(dim=-1)

    def move(self, parameters: Parameters, num_draws: int, generator: torch.Generator) -> Draws:
        draws = _gamma_draws(parameters["concentration"], num_draws, generator)
        return draws / draws.sum(dim=-1, keepdim=True)


def _gamma_draws(concentration: Tensor, num_draws: int, generator: torch.Generator) -> Tensor:
    """Draw with rate 1, for each entry of the concentration of one draw."""
    shape = concentration.shape
    own_draws = shape[:1] == (num_draws,)
    wide = concentration if own_draws else concentration.expand(num_draws, *shape)
    return torch._standard_gamma(wide.contiguous(), generator=generator)
