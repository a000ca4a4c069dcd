"""Comparison of the gradients of estimators with one reference gradient."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from ditherlab.black_box.deadline import DeadlineError, deadline
from ditherlab.errors import ObjectiveError, PictureError, RequestError
from ditherlab.estimators import ESTIMATORS
from ditherlab.experiments.gradients import (
    GradientFigures,
    Reference,
    measure_estimator,
    measure_reference,
)
from ditherlab.optimizers import Adam
from ditherlab.palette import Palette
from ditherlab.palette_learning.first_palette import opaque_colors, starting_palette
from ditherlab.problem import Limits, Problem, find_device
from ditherlab.protocol import Cost, Estimator, Optimizer
from ditherlab.protocol.categorical import Categorical
from ditherlab.randomness import seeded_generator
from ditherlab.recipe import Recipe
from ditherlab.solver.budget import Clock
from ditherlab.solver.memory import allowed_memory_bytes
from ditherlab.solver.memory_need import memory_need
from ditherlab.stages.descend import Descend
from ditherlab.stages.draw import Draw
from ditherlab.stages.nearest import Nearest, nearest_logits
from ditherlab.types import Logits

At = Literal["flat", "peaked"] | npt.NDArray[np.floating]
"""The logits: nearly equal probabilities, nearly the nearest colors, or a given array."""

# The noise on flat logits, so that no pixel has exactly equal probabilities.
_FLAT_SPREAD = 0.1

# The reference gets more time because its error is the floor of every bias.
PARTS_OF_REFERENCE = 4


@dataclass(frozen=True, eq=False)
class GradientProblem:
    """A distribution of pictures and a cost, whose gradients are compared.

    Attributes:
        model: The probabilities and the palette.
        cost: The cost to minimize.
        is_expectation_exact: Whether the cost's own expectation can be the reference.
    """

    model: Categorical
    cost: Cost
    is_expectation_exact: bool

    @classmethod
    def of(
        cls, problem: Problem, at: At, *, seed: int = 0, device: str = "auto"
    ) -> "GradientProblem":
        """Bind a problem's objective, and create the logits.

        Raises:
            PictureError: If all of the picture is transparent.
            RequestError: If given logits do not fit the picture and the palette.
        """
        problem = fix_palette(problem, seed=seed, device=device)
        target = problem.target(find_device(device))
        generator = seeded_generator(seed, target.images.device)
        palette = problem.fixed_colors(target.images.device)
        shape = (1, palette.shape[1], *target.images.shape[-2:])
        if not isinstance(at, str):
            logits = _given_logits(at, shape).to(target.images.device)
        elif at == "flat":
            logits = torch.randn(shape, generator=generator, device=target.images.device)
            logits *= _FLAT_SPREAD
        else:
            logits = nearest_logits(target.images, palette, generator)
        exact = "expectation" in problem.objective.abilities
        return cls(
            Categorical.from_logits(logits, palette),
            problem.objective.bind(target),
            exact and problem.objective.is_expectation_exact,
        )


def fix_palette(problem: Problem, *, seed: int = 0, device: str = "auto") -> Problem:
    """Replace a palette to learn by a fixed one from k-means, the same for all estimators.

    The palette has fewer colors if the picture has fewer, or if two become equal by rounding.

    Raises:
        PictureError: If all of the picture is transparent.
    """
    if not problem.has_opaque_pixels:
        raise PictureError(
            "A picture to compare on must have a pixel that is not transparent, got none in "
            f"{problem.width} x {problem.height}. Compare on another part of it."
        )
    learned = problem.learned
    if learned is None:
        return problem
    target = problem.target(find_device(device))
    generator = seeded_generator(seed, target.images.device)
    colors, _ = starting_palette(
        opaque_colors(target), learned.num_colors, generator, problem.locked_colors
    )
    levels = (colors.expand(-1, 3) * 255).round().long().tolist()
    palette = Palette(tuple((red, green, blue) for red, green, blue in levels))
    return problem.with_palette(palette)


@dataclass(frozen=True)
class Comparison:
    """Gradients of several estimators at the same logits.

    Attributes:
        reference: The reference gradient.
        figures: The measurements by the names that were given.
        is_complete: Whether all estimators were measured.
    """

    reference: Reference
    figures: Mapping[str, GradientFigures]
    is_complete: bool = True


def fitting_estimators(
    names: Iterable[str] | None,
    problem: Problem,
    num_samples: int | None,
    *,
    optimizer: Optimizer | None = None,
    device: str = "auto",
) -> tuple[dict[str, Estimator], dict[str, str]]:
    """Split estimators into those that fit a problem and those that do not, with the reason.

    An estimator that needs more memory than is free does not fit.

    Args:
        names: Estimators as text; None means all, including their compositions.
        problem: The problem, whose objective and palette decide.
        num_samples: Number of samples for sampling estimators; None keeps their defaults.
        optimizer: The optimizer; None means Adam.
        device: The device whose free memory counts.

    Raises:
        PictureError: If a named estimator, or every one, needs more memory than there is.
        RequestError: If a name is unknown, or if a named estimator does not fit.
    """
    fitting, left_out = {}, {}
    last_error: RequestError | PictureError | None = None
    place = find_device(device)
    allowed_bytes = allowed_memory_bytes(Limits(), place)
    for name in ESTIMATORS.names_and_compositions if names is None else names:
        estimator = ESTIMATORS.parse(name)
        try:
            if num_samples is not None:
                estimator = estimator.with_num_samples(num_samples)
            recipe = descent_recipe(problem, estimator, optimizer or Adam())
            memory_need(problem, recipe, place).check(allowed_bytes)
        except (RequestError, PictureError) as error:
            if names is not None:
                raise
            left_out[name], last_error = str(error), error
        else:
            fitting[name] = estimator
    if last_error is not None and not fitting:
        raise last_error
    return fitting, left_out


def descent_recipe(
    problem: Problem, estimator: Estimator, optimizer: Optimizer, steps: int = 1
) -> Recipe:
    """Return the recipe of a comparison run: descent from the nearest colors, and a draw.

    Raises:
        AbilityError: If the estimator or the optimizer does not fit the problem.
    """
    stages = (Nearest(), Descend(estimator, optimizer, steps=steps), Draw())
    return Recipe(stages).resolved(problem)


def compare_gradients(
    place: GradientProblem,
    estimators: Mapping[str, Estimator],
    *,
    num_repetitions: int,
    seed: int,
    max_seconds: float | None = None,
    clock: Clock = time.monotonic,
    on_progress: Callable[[int, str], None] = lambda _done, _name: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Comparison:
    """Measure each estimator against one reference.

    Args:
        place: The distribution and the cost.
        estimators: The estimators by name; all must fit.
        num_repetitions: Number of gradients of each; the reference averages four times as many.
        seed: The random seed, the same for each estimator.
        max_seconds: The time limit, split into one part for each estimator and four for the
            reference; None for no limit.
        clock: Returns seconds.
        on_progress: Called before each measurement with the number of finished ones and the name.
        should_stop: Called often; if true, the measurements so far are returned. A Python function
            that computes costs in another process is then abandoned.

    Raises:
        ObjectiveError: If the measurement ends before there is a reference.
    """
    device = place.model.probs.device
    num_parts = PARTS_OF_REFERENCE + len(estimators)

    def stopper(parts: int = 1) -> Callable[[], bool]:
        end_s = None if max_seconds is None else clock() + max_seconds * parts / num_parts
        return lambda: should_stop() or (end_s is not None and clock() > end_s)

    def measure(estimator: Estimator) -> GradientFigures:
        found = measure_estimator(
            estimator,
            place.model,
            place.cost,
            reference,
            seeded_generator(seed, device),
            num_repetitions=num_repetitions,
            should_stop=stopper(),
        )
        return replace(found, unbiased=found.unbiased and _claims_hold(estimator, place))

    figures: dict[str, GradientFigures] = {}
    with deadline(should_stop):
        on_progress(0, "reference")
        try:
            reference = measure_reference(
                place.model,
                place.cost,
                seeded_generator(seed + 1, device),
                num_repetitions=PARTS_OF_REFERENCE * num_repetitions,
                is_exact=place.is_expectation_exact,
                should_stop=stopper(PARTS_OF_REFERENCE),
            )
        except DeadlineError:
            raise ObjectiveError(
                "The time was up before there was a reference gradient to compare with: computing "
                "costs takes too long. Allow more time, or use a smaller picture."
            ) from None
        for number, (name, estimator) in enumerate(estimators.items(), start=1):
            if should_stop():
                break
            on_progress(number, name)
            try:
                figures[name] = measure(estimator)
            except DeadlineError:
                break
    return Comparison(reference, figures, is_complete=len(figures) == len(estimators))


def _claims_hold(estimator: Estimator, place: GradientProblem) -> bool:
    """Return whether a claim of no bias holds; it does not with an inexact expectation."""
    return place.is_expectation_exact or "expectation" not in estimator.needs


def _given_logits(at: npt.NDArray[np.floating], shape: tuple[int, ...]) -> Logits:
    if at.shape != shape[1:]:
        raise RequestError(
            f"The logits must have the shape {list(shape[1:])} (colors, height, width), got "
            f"{list(at.shape)}."
        )
    with np.errstate(over="ignore"):
        logits = torch.from_numpy(at.astype(np.float32)).unsqueeze(0)
    if not bool(logits.isfinite().all()):
        raise RequestError(
            "The logits must be finite in single precision, got NaN, infinity or numbers beyond "
            "3.4e38. A probability of 0 is a logit of -100."
        )
    return logits
