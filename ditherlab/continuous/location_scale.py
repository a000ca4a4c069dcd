"""Location-scale families: `x = location + scale * eps`, with noise `eps` of a fixed shape."""

import math
from abc import abstractmethod
from typing import ClassVar

import torch
from torch import Tensor

from ditherlab.continuous.family import Draws, Parameters, PathFamily, WeakDerivative


class LocationScale(PathFamily):
    """`x = location + scale * eps`; a draw has derivatives 1 by location and `eps` by scale."""

    names = ("location", "scale")
    variance_of_noise: ClassVar[float]

    @abstractmethod
    def draw_noise(self, num_draws: int, like: Tensor, generator: torch.Generator) -> Tensor:
        """Draw `eps`."""

    @abstractmethod
    def log_density_of_noise(self, noise: Tensor) -> Tensor:
        """Return the logarithm of the density of `eps`."""

    @abstractmethod
    def cdf_of_noise(self, noise: Tensor) -> Tensor:
        """Return the cumulative probability of `eps`."""

    def log_density(self, parameters: Parameters, draws: Draws) -> Draws:
        location, scale = parameters["location"], parameters["scale"]
        return self.log_density_of_noise((draws - location) / scale) - scale.log()

    def cdf(self, parameters: Parameters, draws: Draws) -> Draws | None:
        return self.cdf_of_noise((draws - parameters["location"]) / parameters["scale"])

    def mean_and_variance(self, parameters: Parameters) -> tuple[Tensor, Tensor] | None:
        return parameters["location"], parameters["scale"].square() * self.variance_of_noise

    def move(self, parameters: Parameters, num_draws: int, generator: torch.Generator) -> Draws:
        noise = self.draw_noise(num_draws, parameters["location"].detach(), generator)
        return parameters["location"] + parameters["scale"] * noise


class Normal(LocationScale):
    """The normal distribution.

    Its measure-valued derivatives are, by the location, `1 / (scale sqrt(2 pi))` times the
    difference of `location +- scale W`, with `W` from a Weibull distribution of shape 2 and scale
    sqrt(2); and by the scale, `1 / scale` times that of `location + scale M`, with `M` from the
    double-sided Maxwell distribution, and the normal distribution itself. The first two share `W`;
    of the second two, `M U` with a uniform `U` is normal.

    Source: Shakir Mohamed et al., "Monte Carlo Gradient Estimation in Machine Learning", JMLR 2020,
    table 1, and section 6 for the couplings.

    Example:
        >>> normal = Normal()
        >>> at = {"location": torch.tensor(1.0), "scale": torch.tensor(2.0)}
        >>> normal.cdf(at, torch.tensor(1.0)).item()
        0.5
    """

    variance_of_noise = 1.0

    def draw_noise(self, num_draws: int, like: Tensor, generator: torch.Generator) -> Tensor:
        return torch.randn(num_draws, generator=generator, dtype=like.dtype, device=like.device)

    def log_density_of_noise(self, noise: Tensor) -> Tensor:
        return -noise.square() / 2 - math.log(2 * math.pi) / 2

    def cdf_of_noise(self, noise: Tensor) -> Tensor:
        below: Tensor = torch.special.ndtr(noise)
        return below

    def weak_derivative(
        self, name: str, parameters: Parameters, num_draws: int, generator: torch.Generator
    ) -> WeakDerivative | None:
        location, scale = parameters["location"].detach(), parameters["scale"].detach()
        if name == "location":
            uniform = _uniform(num_draws, location, generator)
            step = scale * (-2 * torch.log1p(-uniform)).sqrt()
            constant = 1 / (scale * math.sqrt(2 * math.pi))
            return WeakDerivative(constant, location + step, location - step)
        maxwell = torch.randn(
            (3, num_draws), generator=generator, dtype=location.dtype, device=location.device
        ).norm(dim=0)
        sign = torch.where(_uniform(num_draws, location, generator) < 0.5, -1, 1)
        step = scale * sign * maxwell
        shrink = _uniform(num_draws, location, generator)
        return WeakDerivative(1 / scale, location + step, location + step * shrink)


class Logistic(LocationScale):
    """The logistic distribution: the difference of two Gumbels.

    Example:
        >>> at = {"location": torch.tensor(0.0), "scale": torch.tensor(1.0)}
        >>> Logistic().log_density(at, torch.tensor(0.0)).exp().item()
        0.25
    """

    variance_of_noise = math.pi**2 / 3

    def draw_noise(self, num_draws: int, like: Tensor, generator: torch.Generator) -> Tensor:
        return torch.logit(_uniform(num_draws, like, generator), eps=1e-12)

    def log_density_of_noise(self, noise: Tensor) -> Tensor:
        return torch.nn.functional.logsigmoid(noise) + torch.nn.functional.logsigmoid(-noise)

    def cdf_of_noise(self, noise: Tensor) -> Tensor:
        return torch.sigmoid(noise)


class Uniform(LocationScale):
    """The uniform distribution, `scale` wide and centered at the location.

    Its ends move with both parameters: the score function misses their contribution, and is
    refused. The measure-valued derivatives put point masses at the ends: by the location, `1 /
    scale` times the difference of the right and the left end; by the scale, `1 / scale` times that
    of either end, each as likely as the other, and the distribution itself.

    Example:
        >>> at = {"location": torch.tensor(0.0), "scale": torch.tensor(4.0)}
        >>> Uniform().mean_and_variance(at)[1].item()  # width^2 / 12
        1.3333333730697632
    """

    variance_of_noise = 1 / 12
    moves_support = True

    def draw_noise(self, num_draws: int, like: Tensor, generator: torch.Generator) -> Tensor:
        return _uniform(num_draws, like, generator) - 0.5

    def log_density_of_noise(self, noise: Tensor) -> Tensor:
        return torch.where(noise.abs() <= 0.5, 0 * noise, -torch.inf)

    def cdf_of_noise(self, noise: Tensor) -> Tensor:
        return (noise + 0.5).clamp(0, 1)

    def weak_derivative(
        self, name: str, parameters: Parameters, num_draws: int, generator: torch.Generator
    ) -> WeakDerivative | None:
        location, scale = parameters["location"].detach(), parameters["scale"].detach()
        left, right = location - scale / 2, location + scale / 2
        if name == "location":
            ends = (right.expand(num_draws), left.expand(num_draws))
            return WeakDerivative(1 / scale, *ends)
        noise = self.draw_noise(num_draws, location, generator)
        nearest_end = torch.where(noise < 0, left, right)
        return WeakDerivative(1 / scale, nearest_end, location + scale * noise)


class Triangular(LocationScale):
    """The symmetric triangular distribution, `2 scale` wide: the sum of two equal uniform ones.

    Its ends move with the parameters. The density is zero there, so the score function is unbiased,
    but its variance is infinite, and it is refused. The measure-valued derivative by the
    location is `1 / scale` times the difference of the uniform distributions on the two halves;
    by the scale, with `v = |x - location| / scale` and a uniform `U`, it is `1 / (2 scale)` times
    that of `v = (1 + sqrt U) / 2` and `v = (1 - sqrt U) / 2`.

    Example:
        >>> at = {"location": torch.tensor(0.0), "scale": torch.tensor(1.0)}
        >>> Triangular().cdf(at, torch.tensor([-1.0, 0.0, 0.5])).tolist()
        [0.0, 0.5, 0.875]
    """

    variance_of_noise = 1 / 6
    moves_support = True

    def draw_noise(self, num_draws: int, like: Tensor, generator: torch.Generator) -> Tensor:
        return _uniform(num_draws, like, generator) - _uniform(num_draws, like, generator)

    def log_density_of_noise(self, noise: Tensor) -> Tensor:
        return (1 - noise.abs()).clamp_min(0).log()

    def cdf_of_noise(self, noise: Tensor) -> Tensor:
        inside = noise.clamp(-1, 1)
        return 0.5 + inside - inside * inside.abs() / 2

    def weak_derivative(
        self, name: str, parameters: Parameters, num_draws: int, generator: torch.Generator
    ) -> WeakDerivative | None:
        location, scale = parameters["location"].detach(), parameters["scale"].detach()
        uniform = _uniform(num_draws, location, generator)
        if name == "location":
            step = scale * uniform
            return WeakDerivative(1 / scale, location + step, location - step)
        sign = torch.where(_uniform(num_draws, location, generator) < 0.5, -1, 1)
        root = uniform.sqrt()
        outer, inner = ((1 + root) / 2, (1 - root) / 2)
        return WeakDerivative(
            1 / (2 * scale), location + sign * scale * outer, location + sign * scale * inner
        )


def _uniform(num_draws: int, like: Tensor, generator: torch.Generator) -> Tensor:
    return torch.rand(num_draws, generator=generator, dtype=like.dtype, device=like.device)
