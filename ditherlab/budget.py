"""What a run may take, and what it has taken so far."""

import time
from dataclasses import dataclass

from ditherlab.problem import Problem
from ditherlab.protocol import Estimate


@dataclass
class Budget:
    """Steps, seconds and evaluations: what is allowed, and what is spent.

    Attributes:
        problem: States the limits.
        start_s: When the clock began.
        num_steps: Steps taken.
        num_evaluations: Pictures priced.
        num_backward_passes: Pictures priced and differentiated.
        evaluations_of_step: What the latest estimate took.
        share_of_time: Which part of the time the present stage may use up.
    """

    problem: Problem
    start_s: float
    num_steps: int = 0
    num_evaluations: int = 0
    num_backward_passes: int = 0
    evaluations_of_step: int = 0
    share_of_time: float = 1.0

    def charge(self, estimate: Estimate) -> None:
        """Pay for an estimate."""
        self.evaluations_of_step = estimate.num_evaluations
        self.num_evaluations += estimate.num_evaluations
        self.num_backward_passes += estimate.num_backward_passes

    def carry_on(self, earlier: "Budget") -> None:
        """Count what was priced before as well."""
        self.num_evaluations += earlier.num_evaluations
        self.num_backward_passes += earlier.num_backward_passes

    @property
    def seconds(self) -> float:
        """The time since the start."""
        return time.monotonic() - self.start_s

    @property
    def progress(self) -> float:
        """Which part is spent, from 0 to 1, of what is scarcest."""
        by_steps = self.num_steps / self.problem.num_steps
        return min(1.0, max(by_steps, self.part_of_time, self._part_of_evaluations))

    @property
    def has_time(self) -> bool:
        """Whether the time is not yet up."""
        return self.part_of_time < 1

    @property
    def has_evaluations(self) -> bool:
        """Whether one more step can be afforded."""
        return self._part_of_evaluations < 1

    @property
    def has_steps(self) -> bool:
        """Whether not all steps are taken."""
        return self.num_steps < self.problem.num_steps

    @property
    def part_of_time(self) -> float:
        """Which part of the time is spent; above 1 when it is up."""
        limit = self.problem.max_seconds
        return 0.0 if limit is None else self.seconds / (limit * self.share_of_time)

    @property
    def _part_of_evaluations(self) -> float:
        limit, used, step = (
            self.problem.max_evaluations,
            self.num_evaluations,
            self.evaluations_of_step,
        )
        if limit is None or used == 0:
            return 0.0
        # The last look costs as much as a step, and has to be paid for as well.
        return 1.0 if used + 2 * step > limit else used / (limit - step)
