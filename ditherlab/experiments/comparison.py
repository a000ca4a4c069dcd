"""Estimators side by side: the same pixels, the same probabilities, the same reference."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from ditherlab.categorical import Categorical
from ditherlab.errors import RequestError
from ditherlab.estimators import ESTIMATORS
from ditherlab.experiments.gradients import (
    GradientFigures,
    Reference,
    measure_estimator,
    measure_reference,
)
from ditherlab.problem import Problem
from ditherlab.protocol import Cost, Estimator, Target
from ditherlab.randomness import seeded_generator
from ditherlab.start import nearest_logits, starting_palette
from ditherlab.types import Colors, Logits

At = Literal["flat", "peaked"] | npt.NDArray[np.floating]
"""Where gradients are taken: near equal probabilities, near the nearest colors, or at logits."""

# The noise on flat logits: no pixel is exactly undecided.
_FLAT_SPREAD = 0.1


@dataclass(frozen=True, eq=False)
class Place:
    """Where gradients are compared: a distribution of pictures and what they cost.

    Attributes:
        model: The probabilities and the palette.
        cost: What is minimized.
        is_expectation_exact: Whether the cost's own expectation can be the reference.
    """

    model: Categorical
    cost: Cost
    is_expectation_exact: bool

    @classmethod
    def of(cls, problem: Problem, at: At) -> "Place":
        """Bind a problem's objective, and put the logits where they are asked for.

        Raises:
            RequestError: If given logits do not fit the picture and the palette.
        """
        target = problem.target()
        generator = seeded_generator(problem.seed, target.images.device)
        palette = _palette(problem, target, generator)
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


@dataclass(frozen=True)
class Comparison:
    """Gradients of several estimators at one place.

    Attributes:
        reference: What they were compared with.
        figures: By the names that were asked for.
    """

    reference: Reference
    figures: Mapping[str, GradientFigures]


def fitting_estimators(
    names: Iterable[str] | None, problem: Problem, num_samples: int | None
) -> tuple[dict[str, Estimator], dict[str, str]]:
    """Sort estimators into those that fit a problem and those that do not, with the reason.

    Args:
        names: Words of estimators; None means all, with their compositions.
        problem: Its objective and palette decide.
        num_samples: Draws for those that draw; None leaves each its own.

    Raises:
        RequestError: For words that name no estimator, or one that does not fit.
    """
    fitting, left_out = {}, {}
    for name in ESTIMATORS.names_and_compositions if names is None else names:
        estimator = ESTIMATORS.parse(name)
        try:
            if num_samples is not None:
                estimator = estimator.with_num_samples(num_samples)
            replace(problem, estimator=estimator, optimizer=None)
        except RequestError as error:
            if names is not None:
                raise
            left_out[name] = str(error)
        else:
            fitting[name] = estimator
    return fitting, left_out


def compare_gradients(
    place: Place,
    estimators: Mapping[str, Estimator],
    *,
    num_repetitions: int,
    seed: int,
    max_seconds: float | None = None,
    on_progress: Callable[[int, str], None] = lambda _done, _name: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Comparison:
    """Measure each estimator against one reference.

    Args:
        place: Where the gradients are taken.
        estimators: By name; all must fit.
        num_repetitions: Gradients of each; the reference averages four times as many.
        seed: Each estimator starts from the same one.
        max_seconds: Shared equally by the reference and the estimators; None for no limit.
        on_progress: Called before each measurement with their number so far and the name.
        should_stop: Asked all the time; what is measured so far is returned.
    """
    device = place.model.probs.device
    share_s = None if max_seconds is None else max_seconds / (1 + len(estimators))

    def stopper() -> Callable[[], bool]:
        end_s = None if share_s is None else time.monotonic() + share_s
        return lambda: should_stop() or (end_s is not None and time.monotonic() > end_s)

    on_progress(0, "reference")
    reference = measure_reference(
        place.model,
        place.cost,
        seeded_generator(seed + 1, device),
        num_repetitions=4 * num_repetitions,
        is_exact=place.is_expectation_exact,
        should_stop=stopper(),
    )
    figures: dict[str, GradientFigures] = {}
    for number, (name, estimator) in enumerate(estimators.items(), start=1):
        if should_stop():
            break
        on_progress(number, name)
        figures[name] = measure_estimator(
            estimator,
            place.model,
            place.cost,
            reference,
            seeded_generator(seed, device),
            num_repetitions=num_repetitions,
            should_stop=stopper(),
        )
    return Comparison(reference, figures)


def _palette(problem: Problem, target: Target, generator: torch.Generator) -> Colors:
    channels = target.images.shape[1]
    if isinstance(problem.palette, int):
        opaque = target.images[0][:, target.opaque[0, 0]].T
        return starting_palette(opaque, problem.palette, generator)[0].unsqueeze(0)
    return problem.palette.srgb(target.images.device)[:, :channels].unsqueeze(0)


def _given_logits(at: npt.NDArray[np.floating], shape: tuple[int, ...]) -> Logits:
    if at.shape != shape[1:]:
        raise RequestError(
            f"The logits must have the shape {list(shape[1:])} (colors, height, width), got "
            f"{list(at.shape)}."
        )
    return torch.from_numpy(at.astype(np.float32)).unsqueeze(0)
