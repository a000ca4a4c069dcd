"""How good a gradient is: an estimator measured against a reference whose own error is known."""

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

# Fewer gradients have no variance that could be told.
_FEWEST = 2

# What rounding may make of a gradient, in units of the last place of its length.
_ROUNDING = 32.0

# So few pictures can be priced one by one.
_MOST_LISTED = 1 << 12


@dataclass(frozen=True)
class Reference:
    """The gradient that estimators are compared with.

    Attributes:
        gradient: For the logits.
        squared_error: The expected squared distance from the true gradient; 0 if exact.
        estimator: The words of what it was estimated with.
        num_repetitions: Estimates that were averaged.
    """

    gradient: Logits
    squared_error: float
    estimator: str
    num_repetitions: int

    @property
    def norm(self) -> float:
        """The length of the true gradient, free of what the reference's error adds."""
        squared = float(self.gradient.square().sum()) - self.squared_error
        return math.sqrt(max(squared, torch.finfo(self.gradient.dtype).tiny))

    @property
    def squared_rounding(self) -> float:
        """The squared distance that rounding may make between two equal gradients."""
        return (_ROUNDING * torch.finfo(self.gradient.dtype).eps * self.norm) ** 2

    @property
    def relative_error(self) -> float:
        """The error of the reference itself, as a part of the gradient."""
        return math.sqrt(self.squared_error) / self.norm


@dataclass(frozen=True)
class GradientFigures:
    """What was measured of one estimator; lengths are parts of the true gradient's length.

    Attributes:
        name: The estimator's words.
        unbiased: Whether it claims to have no bias.
        bias: Distance of its mean from the true gradient, free of what chance adds; 0 where
            chance explains all of it.
        bias_floor: What chance and rounding alone make of the distance: a bias below it cannot be
            seen.
        variance: Expected squared distance from its own mean.
        relative_error: Root of the expected squared distance from the true gradient.
        cosine: Mean cosine with the reference.
        evaluations: Pictures priced for each gradient.
        backward_passes: Pictures differentiated for each gradient.
        ms_per_gradient: Median time of one gradient in milliseconds.
        num_repetitions: Gradients measured.
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
        """Whether more bias was measured than chance and rounding explain."""
        return self.bias > self.bias_floor


class RunningMoments:
    """The mean of gradients, and their total variance, without keeping any of them.

    Source: B. P. Welford, "Note on a Method for Calculating Corrected Sums of Squares and
    Products", Technometrics 1962.
    """

    def __init__(self) -> None:
        self.count = 0
        self.mean: Logits | None = None
        self._squares = 0.0

    def include(self, gradient: Logits) -> None:
        """Take in one more gradient."""
        self.count += 1
        if self.mean is None:
            self.mean = gradient.clone()
            return
        before = gradient - self.mean
        self.mean = self.mean + before / self.count
        self._squares += float((before * (gradient - self.mean)).sum())

    @property
    def total_variance(self) -> float:
        """The variance of all components together; 0 for a single gradient."""
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
    """Estimate the true gradient, and how far off the estimate may be.

    Args:
        model: Where the gradient is taken.
        cost: What is minimized.
        generator: On the model's device.
        num_repetitions: Unbiased estimates to average.
        num_samples: Pictures drawn for each.
        is_exact: Whether the cost's expectation is exact; then no average is needed, nor is it
            where all pictures can be listed.
        should_stop: Asked between estimates; at least two are made.

    Raises:
        AbilityError: If no unbiased estimator fits the cost.
        ObjectiveError: If the gradient is not finite.
        DeadlineError: If nobody waits any longer, and there are not even two estimates.
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
    """Measure an estimator at one place of the problem.

    Args:
        estimator: Must fit the cost.
        model: Where the gradient is taken; the same as the reference's.
        cost: What is minimized.
        reference: What is taken for true.
        generator: On the model's device.
        num_repetitions: Gradients to estimate; a deterministic estimator needs no more than 3.
        should_stop: Asked between gradients; at least two are made.

    Raises:
        DeadlineError: If nobody waits any longer, and there are not even two gradients.
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
    """Estimate again and again, and tell the seconds that each gradient took."""
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
