"""Steps along estimated gradients, shared by the stages that descend."""

from abc import ABC, abstractmethod
from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

import torch

from ditherlab.problem import Problem
from ditherlab.protocol import Cost, Estimate, Estimator
from ditherlab.stages.annealing import Annealing
from ditherlab.stages.stage import Progress, StageContext, StageMemory
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
        memory: Any = None
        pricing = context.fresh_generator()
        try:
            for step in range(self.steps):
                share = context.share(step / self.steps)
                estimate, memory = self._estimate(state, mover, memory, share)
                yield self._progress(estimate, state, pricing, share, step)
                temperature = self.annealing.entropy_weight(share, estimate)
                state.temperature = self.annealing.temperature or state.temperature
                mover.step(estimate, temperature, share)
        finally:
            mover.finish()
        estimate, _ = self._estimate(state, mover, memory, 1.0)
        last = self._progress(estimate, state, pricing, 1.0, self.steps)
        yield replace(last, in_history=False)

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


def descent_work(problem: Problem, estimator: Estimator, num_px: int, steps: int) -> float:
    """Return the expected CPU time of a descent in nanoseconds."""
    drawing = estimator.num_draws * _DRAW_WORK
    per_channel = _EXACT_WORK if estimator.gives_color_costs else drawing
    per_color = _COLOR_WORK + _LEARNING_WORK * problem.learns_palette
    per_pixel = problem.num_channels * per_channel + problem.num_colors * per_color
    return num_px * steps * per_pixel
