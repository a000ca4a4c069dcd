"""Estimators of `d/dtheta E f(x)` for continuous `x`, with one gradient for each draw."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ditherlab.continuous.family import Draws, Family, Parameters
from ditherlab.errors import AbilityError, RequestError

Function = Callable[[Draws], Tensor]
"""A function that prices each draw separately."""

Gradients = Mapping[str, Tensor]
"""The gradient estimates of the draws for each parameter, `[n ...]`; their mean is the estimate."""


class ContinuousEstimator(ABC):
    """A way to estimate the gradient of an expected price."""

    evaluations_per_draw: int = 1
    """Evaluations of the function for each draw and parameter."""

    @abstractmethod
    def gradients(
        self,
        family: Family,
        parameters: Parameters,
        function: Function,
        num_draws: int,
        generator: torch.Generator,
    ) -> Gradients:
        """Estimate the gradient.

        Args:
            family: The family of distributions to draw from.
            parameters: The parameters at which the gradient is taken.
            function: The price of each draw.
            num_draws: At least 1; each draw gives an estimate of its own.
            generator: For the draws.

        Raises:
            AbilityError: If the family lacks something that the estimator needs.
        """


@dataclass(frozen=True)
class Score(ContinuousEstimator):
    """`(f(x) - b) d/dtheta log p(x)`: the score function estimator, unbiased.

    With `control="delta"`, the second-order expansion `h` of `f` around the mean is subtracted, and
    the gradient of its expectation, which is known, is added: `f'(m) dm + f''(m) / 2 dVar`.

    Source: Ronald J. Williams, "Simple Statistical Gradient-Following Algorithms for Connectionist
    Reinforcement Learning", Machine Learning 1992; for the delta method John Paisley, David Blei
    and Michael Jordan, "Variational Bayesian Inference with Stochastic Search", ICML 2012.

    Attributes:
        baseline: `b`, which must not depend on the draws: a moving average of earlier prices, or 0.
        control: `none` or `delta`.
    """

    baseline: float = 0.0
    control: str = "none"

    def __post_init__(self) -> None:
        if self.control not in ("none", "delta"):
            raise RequestError(f"The control must be none or delta, got '{self.control}'.")

    def gradients(
        self,
        family: Family,
        parameters: Parameters,
        function: Function,
        num_draws: int,
        generator: torch.Generator,
    ) -> Gradients:
        if family.moves_support:
            raise AbilityError(
                "`Score` needs a density whose support does not depend on the parameters, but that "
                f"of `{_name(family)}` does: the estimate would be biased, or its variance "
                "infinite. Use `MeasureValued`."
            )
        draws = family.draw(parameters, num_draws, generator)
        spread = _spread(parameters, num_draws)
        scores = _by_parameter(family.log_density(spread, draws), spread)
        prices = function(draws) - self.baseline
        if self.control == "none":
            return {name: _times(prices, score) for name, score in scores.items()}
        expansion, slopes = _expand(family, parameters, function, draws)
        left = prices - expansion
        return {name: _times(left, score) + slopes[name] for name, score in scores.items()}


@dataclass(frozen=True)
class Pathwise(ContinuousEstimator):
    """`f'(x) dx/dtheta`, with draws that are differentiable in the parameters: reparameterization.

    Unbiased for continuous `f`. For a step function `f` it is zero almost everywhere, and wrong.

    Source: Diederik Kingma and Max Welling, "Auto-Encoding Variational Bayes", ICLR 2014.
    """

    def gradients(
        self,
        family: Family,
        parameters: Parameters,
        function: Function,
        num_draws: int,
        generator: torch.Generator,
    ) -> Gradients:
        spread = _spread(parameters, num_draws)
        draws = family.path(spread, num_draws, generator)
        if draws is None:
            raise _lacks("Pathwise", family, "a path", "`Implicit` or `Score`")
        return _by_parameter(function(draws), spread)


@dataclass(frozen=True)
class Implicit(ContinuousEstimator):
    """`f'(x) dx/dtheta` with `dx/dtheta = -(dF/dtheta) / p(x)`, from the cumulative probability.

    Any sampler can make the draws. For a location parameter, `dx/dtheta` is 1.

    Source: Michael Figurnov et al., "Implicit Reparameterization Gradients", NeurIPS 2018, eq. 6.

    Example:
        >>> from ditherlab.continuous import Logistic
        >>> at = {"location": torch.tensor(3.0), "scale": torch.tensor(2.0)}
        >>> estimate = Implicit().gradients(
        ...     Logistic(), at, lambda x: x, 4, torch.Generator().manual_seed(0)
        ... )
        >>> [round(slope, 4) for slope in estimate["location"].tolist()]
        [1.0, 1.0, 1.0, 1.0]
    """

    def gradients(
        self,
        family: Family,
        parameters: Parameters,
        function: Function,
        num_draws: int,
        generator: torch.Generator,
    ) -> Gradients:
        draws = family.draw(parameters, num_draws, generator).requires_grad_()
        spread = _spread(parameters, num_draws)
        below = family.cdf(spread, draws.detach())
        if below is None:
            raise _lacks("Implicit", family, "a cumulative probability", "`Pathwise` or `Score`")
        (slopes,) = torch.autograd.grad(function(draws).sum(), draws)
        density = family.log_density(parameters, draws.detach()).exp()
        by_parameter = _by_parameter(below, spread)
        return {name: _times(-slopes / density, moved) for name, moved in by_parameter.items()}


@dataclass(frozen=True)
class MeasureValued(ContinuousEstimator):
    """`c (f(x+) - f(x-))`: the derivative of the distribution is a difference of two others.

    Unbiased for any `f`, even a step function. Each parameter needs separate draws and two prices.

    Source: Georg Pflug, "Optimization of Stochastic Models", Kluwer 1996; Mohamed et al., JMLR
    2020, section 6.

    Attributes:
        is_coupled: True if `x+` and `x-` share their noise, False if they are independent.
    """

    is_coupled: bool = True
    evaluations_per_draw = 2

    def gradients(
        self,
        family: Family,
        parameters: Parameters,
        function: Function,
        num_draws: int,
        generator: torch.Generator,
    ) -> Gradients:
        found = {}
        for name in family.names:
            drawn = family.weak_derivative(name, parameters, num_draws, generator)
            if drawn is None:
                raise _lacks("MeasureValued", family, "a weak derivative", "`Score` or `Pathwise`")
            negative = drawn.negative
            if not self.is_coupled:
                other = family.weak_derivative(name, parameters, num_draws, generator)
                negative = negative if other is None else other.negative
            found[name] = drawn.constant * (function(drawn.positive) - function(negative))
        return found


@dataclass(frozen=True)
class SmoothedPerturbation(ContinuousEstimator):
    """`-sum_e dF(e)/dtheta (f(above e) - f(below e))`: the gradient of a step function's mean.

    Smoothed perturbation analysis: a step function changes along a path only at its edges, and the
    probability to lie below each edge changes with the parameters. Unbiased for functions that
    change only at the edges, and families with a cumulative probability. The only variance is that
    of the function itself.

    Source: Wei-Bo Gong and Yu-Chi Ho, "Smoothed (Conditional) Perturbation Analysis of Discrete
    Event Dynamic Systems", IEEE Transactions on Automatic Control 1987.

    Attributes:
        edges: The edges of the function, more than two `step` apart.
        step: The distance from an edge at which the function is priced.

    Example:
        >>> from ditherlab.continuous import Uniform
        >>> at = {"location": torch.tensor(0.2), "scale": torch.tensor(2.0)}
        >>> estimate = SmoothedPerturbation(edges=(0.5,)).gradients(
        ...     Uniform(), at, torch.round, 1, torch.Generator()
        ... )
        >>> estimate["location"].tolist()  # the density at the edge, times a jump of 1
        [0.5]
    """

    edges: tuple[float, ...]
    step: float = 1e-3

    def gradients(
        self,
        family: Family,
        parameters: Parameters,
        function: Function,
        num_draws: int,
        generator: torch.Generator,
    ) -> Gradients:
        del generator
        spread = _spread(parameters, num_draws)
        found = {name: torch.zeros_like(values) for name, values in spread.items()}
        for edge in self.edges:
            at_edge = next(iter(spread.values())).new_full((num_draws,), edge)
            below = family.cdf(spread, at_edge)
            if below is None:
                raise _lacks("SmoothedPerturbation", family, "a cumulative probability", "`Score`")
            jump = function(at_edge + self.step) - function(at_edge - self.step)
            for name, slope in _by_parameter(below, spread).items():
                found[name] -= _times(jump, slope)
        return found


def _spread(parameters: Parameters, num_draws: int) -> dict[str, Tensor]:
    """Copy the parameters for each draw, so that autograd gives one gradient per draw."""
    return {
        name: value.detach().expand(num_draws, *value.shape).clone().requires_grad_()
        for name, value in parameters.items()
    }


def _by_parameter(values: Tensor, spread: Mapping[str, Tensor]) -> dict[str, Tensor]:
    slopes = torch.autograd.grad(values.sum(), tuple(spread.values()))
    return dict(zip(spread, slopes, strict=True))


def _times(prices: Tensor, slopes: Tensor) -> Tensor:
    return prices.view(-1, *(1 for _ in slopes.shape[1:])) * slopes


def _expand(
    family: Family, parameters: Parameters, function: Function, draws: Draws
) -> tuple[Tensor, dict[str, Tensor]]:
    """Return the second-order expansion at each draw, and the gradient of its expectation."""
    known = {name: value.detach().clone().requires_grad_() for name, value in parameters.items()}
    moments = family.mean_and_variance(known)
    if moments is None:
        raise _lacks("Score(control=delta)", family, "a mean and a variance", "`Score`")
    mean, variance = moments
    center = mean.detach().view(1).requires_grad_()
    value = function(center)
    (first,) = torch.autograd.grad(value.sum(), center, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), center) if first.requires_grad else (0 * first,)
    first = first.detach()
    away = draws - center.detach()
    expansion = value.detach() + first * away + second * away.square() / 2
    expected = first * (mean - center.detach()) + second * variance / 2
    slopes = torch.autograd.grad(expected.sum(), tuple(known.values()))
    return expansion, dict(zip(known, slopes, strict=True))


def _lacks(estimator: str, family: Family, what: str, instead: str) -> AbilityError:
    return AbilityError(
        f"`{estimator}` needs {what}, and `{_name(family)}` has none. Use {instead}."
    )


def _name(family: Family) -> str:
    return type(family).__name__
