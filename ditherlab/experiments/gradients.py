"""Measurement of an estimator's gradients against a reference gradient of known error."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from ditherlab.black_box.deadline import DeadlineError, check_deadline
from ditherlab.errors import AbilityError, ObjectiveError
from ditherlab.estimators import ESTIMATORS, Exact, Moments
from ditherlab.protocol import Ability, Cost, Estimate, Estimator
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import Logits

# Unbiased estimators for a reference, the least noisy first.
_REFERENCES = ("linstat", "local-leave-one-out", "leave-one-out")

# Fewer gradients have no variance.
_FEWEST = 2

# The rounding error of a gradient, in units of the last place of its length.
_ROUNDING = 32.0

# Up to this many pictures are evaluated one by one.
_MOST_LISTED = 1 << 12


@dataclass(frozen=True)
class Reference:
    """The gradient that estimators are compared with.

    Attributes:
        gradient: The gradient with respect to the logits.
        squared_error: The expected squared distance from the true gradient; 0 if exact.
        estimator: The estimator that was used, as text.
        num_repetitions: Number of estimates in the average.
    """

    gradient: Logits
    squared_error: float
    estimator: str
    num_repetitions: int

    @property
    def norm(self) -> float:
        """The length of the true gradient, corrected for the error of the reference."""
        squared = float(self.gradient.square().sum()) - self.squared_error
        return math.sqrt(max(squared, torch.finfo(self.gradient.dtype).tiny))

    @property
    def squared_rounding(self) -> float:
        """The squared distance that rounding may cause between two equal gradients."""
        return (_ROUNDING * torch.finfo(self.gradient.dtype).eps * self.norm) ** 2

    @property
    def relative_error(self) -> float:
        """The error of the reference, relative to the length of the gradient."""
        return math.sqrt(self.squared_error) / self.norm


@dataclass(frozen=True)
class GradientFigures:
    """Measurements of one estimator; lengths are relative to the true gradient's length.

    Attributes:
        name: The estimator as text.
        unbiased: Whether it claims to have no bias.
        bias: Distance of its mean from the true gradient, corrected for chance; 0 if chance
            explains all of it.
        bias_floor: The distance that chance and rounding alone cause; a smaller bias cannot be
            detected.
        variance: Expected squared distance from its own mean.
        relative_error: Root of the expected squared distance from the true gradient; of an error
            that is not resolved, only a lower bound.
        cosine: Mean cosine with the reference.
        evaluations: Number of cost evaluations per gradient.
        backward_passes: Number of backward passes per gradient.
        ms_per_gradient: Median time of one gradient in milliseconds.
        num_repetitions: Number of gradients measured.
    """

    name: str
    unbiased: bool
    bias: float
    bias_floor: float
    variance: float
    relative_error: float
    cosine: float
    evaluations: int
    backward_passes: int
    ms_per_gradient: float
    num_repetitions: int

    @property
    def shows_bias(self) -> bool:
        """True if the measured bias is larger than chance and rounding explain."""
        return self.bias > self.bias_floor

    @property
    def resolves_error(self) -> bool:
        """True if the error is larger than what chance, rounding and the reference explain."""
        return self.relative_error > self.bias_floor

    @property
    def most_error(self) -> float:
        """The largest relative error that the measurement allows if the error is not resolved."""
        return math.sqrt(self.variance + self.bias_floor**2)


class RunningMoments:
    """The running mean and total variance of gradients.

    Source: B. P. Welford, "Note on a Method for Calculating Corrected Sums of Squares and
    Products", Technometrics 1962.
    """

    def __init__(self) -> None:
        self.count = 0
        self.mean: Logits | None = None
        self._squares = 0.0

    def include(self, gradient: Logits) -> None:
        """Add a gradient."""
        self.count += 1
        if self.mean is None:
            self.mean = gradient.clone()
            return
        before = gradient - self.mean
        self.mean = self.mean + before / self.count
        self._squares += float((before * (gradient - self.mean)).sum())

    @property
    def total_variance(self) -> float:
        """The sum of the variances of all components; 0 for a single gradient."""
        return self._squares / (self.count - 1) if self.count > 1 else 0.0


def measure_reference(
    model: Categorical,
    cost: Cost,
    generator: torch.Generator,
    *,
    num_repetitions: int,
    num_samples: int = 8,
    is_exact: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
) -> Reference:
    """Estimate the true gradient, and the error of the estimate.

    Args:
        model: The distribution of pictures.
        cost: The cost to minimize.
        generator: A generator on the model's device.
        num_repetitions: Number of unbiased estimates to average.
        num_samples: Number of pictures drawn for each estimate.
        is_exact: Whether the cost's expectation is exact. Then no average is needed, as for so few
            pixels that all pictures can be listed.
        should_stop: Called between estimates; at least two are made.

    Raises:
        AbilityError: If no unbiased estimator fits the cost.
        ObjectiveError: If the gradient is not finite.
        DeadlineError: If the deadline passes before there are two estimates.
    """
    certain = Moments() if is_exact else Exact()
    if is_exact or _can_be_listed(model):
        estimate, _ = certain.estimate(model, cost, generator)
        return _finite(Reference(estimate.grad_logits, 0.0, str(certain), 1))
    estimator = _reference_estimator(cost.abilities, num_samples)
    found = RunningMoments()
    for estimate, _ in _repeat(
        estimator,
        model,
        cost,
        generator,
        num_repetitions=num_repetitions,
        should_stop=should_stop,
    ):
        found.include(estimate.grad_logits)
    if found.mean is None:
        raise ValueError("`num_repetitions` must be at least 1.")
    squared_error = found.total_variance / found.count
    return _finite(Reference(found.mean, squared_error, str(estimator), found.count))


def measure_estimator(
    estimator: Estimator,
    model: Categorical,
    cost: Cost,
    reference: Reference,
    generator: torch.Generator,
    *,
    num_repetitions: int,
    should_stop: Callable[[], bool] = lambda: False,
) -> GradientFigures:
    """Measure the gradients of an estimator for one distribution of pictures.

    Args:
        estimator: The estimator, which must fit the cost.
        model: The distribution of pictures, the same as for the reference.
        cost: The cost to minimize.
        reference: The reference gradient.
        generator: A generator on the model's device.
        num_repetitions: Number of gradients; a deterministic estimator needs at most 3.
        should_stop: Called between gradients; at least two are made.

    Raises:
        DeadlineError: If the deadline passes before there are two gradients.
    """
    found = RunningMoments()
    cosines, times_s = [], []
    if estimator.noise == "none":
        num_repetitions = min(num_repetitions, 3)
    for estimate, seconds in _repeat(
        estimator,
        model,
        cost,
        generator,
        num_repetitions=num_repetitions,
        should_stop=should_stop,
    ):
        gradient = estimate.grad_logits
        times_s.append(seconds)
        found.include(gradient)
        cosines.append(
            float(torch.cosine_similarity(gradient.flatten(), reference.gradient.flatten(), dim=0))
        )
    if found.mean is None:
        raise ValueError("`num_repetitions` must be at least 1.")
    chance = found.total_variance / found.count + reference.squared_error
    distance = float((found.mean - reference.gradient).square().sum())
    squared_bias = max(0.0, distance - chance)
    norm = reference.norm
    return GradientFigures(
        name=str(estimator),
        unbiased=estimator.is_unbiased,
        bias=math.sqrt(squared_bias) / norm,
        bias_floor=math.sqrt(chance + reference.squared_rounding) / norm,
        variance=found.total_variance / norm**2,
        relative_error=math.sqrt(found.total_variance + squared_bias) / norm,
        cosine=sum(cosines) / len(cosines),
        evaluations=estimate.num_evaluations,
        backward_passes=estimate.num_backward_passes,
        ms_per_gradient=1e3 * sorted(times_s)[len(times_s) // 2],
        num_repetitions=found.count,
    )


def _repeat(
    estimator: Estimator,
    model: Categorical,
    cost: Cost,
    generator: torch.Generator,
    *,
    num_repetitions: int,
    should_stop: Callable[[], bool],
) -> Iterator[tuple[Estimate, float]]:
    """Yield repeated estimates, each with the seconds that it took."""
    state: object = None
    for number in range(num_repetitions):
        if number >= _FEWEST and should_stop():
            return
        try:
            check_deadline()
            start_s = time.perf_counter()
            estimate, state = estimator.estimate(model, cost, generator, state)
            _wait_for(estimate.grad_logits.device)
        except DeadlineError:
            if number < _FEWEST:
                raise
            return
        yield estimate, time.perf_counter() - start_s


def _finite(reference: Reference) -> Reference:
    is_finite = bool(reference.gradient.isfinite().all())
    if not (is_finite and math.isfinite(reference.norm + reference.squared_error)):
        raise ObjectiveError(
            "The cost must be finite where the gradients are taken, got NaN, infinity or numbers "
            "too large to be squared. Take the gradients elsewhere, or scale the objective."
        )
    return reference


def _can_be_listed(model: Categorical) -> bool:
    _, num_colors, height, width = model.probs.shape
    num_pixels = height * width
    return num_pixels * math.log2(num_colors) <= math.log2(_MOST_LISTED)


def _reference_estimator(abilities: frozenset[Ability], num_samples: int) -> Estimator:
    for name in _REFERENCES:
        if ESTIMATORS.parse(name).needs <= abilities:
            return ESTIMATORS.parse(f"{name}(num_samples={num_samples})")
    raise AbilityError("A reference gradient needs an objective with `value`.")


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
