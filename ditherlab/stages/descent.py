"""Steps along estimated gradients, shared by the stages that descend."""

from abc import ABC, abstractmethod
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ditherlab.problem import Problem
from ditherlab.protocol import Cost, Estimate, Estimator, Kept
from ditherlab.schedules import Temperatures
from ditherlab.stages.annealing import Annealing
from ditherlab.stages.stage import REPEATED, Progress, StageContext, StageMemory
from ditherlab.stages.state import State

# Planes (arrays of one number a pixel) for each channel of the target, measured at the peak of
# whole runs and rounded up; the second one of a pair is for objectives with SSIM's windows.
_EXACT = (32.0, 110.0)
_RELAXED = (27.0, 57.0)
_PATHWISE, _SCORED = 3.0, 35.0
_DRAW, _DRAW_WITH_GRADIENT = (5.0, 13.0), (20.0, 30.0)

# Measured CPU nanoseconds of a step: for each pixel and channel, exact and for each draw; for each
# pixel and color; and for each pixel and color of a palette that is learned.
_EXACT_WORK, _DRAW_WORK, _COLOR_WORK, _LEARNING_WORK = 12.0, 100.0, 1.0, 6.5


class Mover(ABC):
    """Moves probabilities, and what else a descent learns, along estimates.

    Attributes:
        asks_palette: Whether the estimator is to give a gradient for the palette.
    """

    asks_palette: bool = False

    def estimate(self) -> Estimate | None:
        """Return an estimate that the mover computes itself; None leaves it to the estimator."""
        return None

    @abstractmethod
    def step(self, estimate: Estimate, temperature: float, share: float) -> None:
        """Take one step.

        Args:
            estimate: At the probabilities of the state.
            temperature: Weight of a pixel's mean entropy against the cost.
            share: How much of the descent is done, from 0 to 1.
        """

    def finish(self) -> None:
        """Make final what was soft on the way."""
        return


@dataclass
class _Place(Kept):
    """The place of a descent after a yield, and what its latest estimate was made from.

    Attributes:
        pricing: Generator of draws that price the state beside the estimates.
        step: Number of the step; -1 before the first.
        share: How much of the descent was done then.
        generator: State of the generator before the estimate.
        memory: The estimator's, before the estimate.
        temperature: First and last temperature of the annealing.
    """

    pricing: torch.Generator
    step: int = -1
    share: float = 0.0
    generator: Tensor | None = None
    memory: Any = None
    temperature: Temperatures | None = None


@dataclass
class Descent:
    """A cost, an estimator of its gradient, and the temperature that falls on the way."""

    cost: Cost
    estimator: Estimator
    annealing: Annealing
    steps: int

    def run(
        self, context: StageContext, state: State, mover: Mover
    ) -> Generator[Progress, None, None]:
        """Price the state, yield, then move it; price it once more at the end."""
        resumed: _Place | None = context.cursor.resume("descent")
        place = resumed or _Place(context.fresh_generator())
        context.cursor.keep("descent", lambda: place)
        memory: Any = None
        try:
            if resumed and place.step < self.steps:
                estimate, memory = self._repeat_estimate(place, state, mover)
                yield REPEATED
                self._move(estimate, state, mover, place.share)
            for step in range(place.step + 1, self.steps):
                share = context.share(step / self.steps)
                self._begin_step(place, step, share, state, memory)
                estimate, memory = self._estimate(state, mover, memory, share)
                yield self._progress(estimate, state, place.pricing, share, step)
                self._move(estimate, state, mover, share)
        finally:
            mover.finish()
        if place.step < self.steps:
            self._begin_step(place, self.steps, 1.0, state, memory)
            estimate, _ = self._estimate(state, mover, memory, 1.0)
            last = self._progress(estimate, state, place.pricing, 1.0, self.steps)
            yield replace(last, in_history=False)
        elif resumed:
            yield REPEATED

    def _begin_step(
        self, place: _Place, step: int, share: float, state: State, memory: Any
    ) -> None:
        place.step, place.share, place.memory = step, share, memory
        place.generator = state.generator.get_state()
        place.temperature = self.annealing.temperature

    def _repeat_estimate(self, place: _Place, state: State, mover: Mover) -> tuple[Estimate, Any]:
        """Make the estimate of an interrupted step again."""
        if place.generator is None:
            raise ValueError("A descent that was interrupted must have begun a step.")
        self.annealing.temperature = place.temperature
        state.generator.set_state(place.generator.cpu())
        return self._estimate(state, mover, place.memory, place.share)

    def _move(self, estimate: Estimate, state: State, mover: Mover, share: float) -> None:
        temperature = self.annealing.entropy_weight(share, estimate)
        state.temperature = self.annealing.temperature or state.temperature
        mover.step(estimate, temperature, share)

    def _estimate(
        self, state: State, mover: Mover, memory: Any, share: float
    ) -> tuple[Estimate, Any]:
        own = mover.estimate()
        if own is not None:
            return own, memory
        model = replace(state.model(), learns_palette=mover.asks_palette)
        temperature = self.annealing.relaxation(share)
        return self.estimator.estimate(model, self.cost, state.generator, memory, temperature)

    def _progress(
        self, estimate: Estimate, state: State, pricing: torch.Generator, share: float, step: int
    ) -> Progress:
        """Report the estimate's value, or a cost from other draws if it is biased."""
        is_biased = not estimate.value_is_unbiased
        value = self.cost.estimate_expected(state.model(), pricing) if is_biased else estimate.value
        return Progress(
            share,
            value,
            step,
            num_evaluations=estimate.num_evaluations + is_biased,
            num_backward_passes=estimate.num_backward_passes,
        )


def descent_memory(
    problem: Problem, estimator: Estimator, num_planes_per_color: float
) -> StageMemory:
    """Return the memory of a step.

    It is up to a tenth more than was measured for `moments` and `gumbel-softmax` on 512 x 512 to
    1536 x 1536 pixels with 4 to 64 colors, and up to a half more for others.
    """
    num_channels = problem.num_channels
    extra = estimator.num_extra_planes(problem.num_colors, num_channels)
    num_planes = num_channels * _planes_per_channel(problem, estimator) + extra
    num_planes += _extra_planes_of_objective(problem, estimator)
    return StageMemory(num_planes, num_planes_per_color)


def _planes_per_channel(problem: Problem, estimator: Estimator) -> float:
    is_windowed = problem.objective.min_size_px > 1
    if estimator.gives_color_costs:
        return _EXACT[is_windowed]
    if estimator.is_relaxation:
        return _RELAXED[is_windowed]
    is_pathwise = "gradient" in estimator.needs
    draw = _DRAW_WITH_GRADIENT if is_pathwise or problem.learns_palette else _DRAW
    return (_PATHWISE if is_pathwise else _SCORED) + estimator.num_draws * draw[is_windowed]


def _extra_planes_of_objective(problem: Problem, estimator: Estimator) -> float:
    """Return the planes that an objective takes beside those that most objectives take."""
    has_gradient = "gradient" in estimator.needs or problem.learns_palette
    # What a gradient depends on is kept for all draws.
    num_kept = max(1, estimator.num_draws) if has_gradient else 1
    return num_kept * problem.objective.num_extra_planes(has_gradient=has_gradient)


def descent_work(problem: Problem, estimator: Estimator, num_px: int, steps: int) -> float:
    """Return the expected CPU time of a descent in nanoseconds."""
    drawing = estimator.num_draws * _DRAW_WORK
    per_channel = _EXACT_WORK if estimator.gives_color_costs else drawing
    per_color = _COLOR_WORK + _LEARNING_WORK * problem.learns_palette
    per_pixel = problem.num_channels * per_channel + problem.num_colors * per_color
    return num_px * steps * per_pixel
