"""What a run may take, and what it has taken so far."""

import time
from dataclasses import dataclass, replace

from ditherlab.problem.problem import Problem
from ditherlab.protocol import Estimate

_HALF = 0.5


@dataclass
class Budget:
    """Steps, seconds and evaluations: what is allowed, and what is spent.

    Attributes:
        problem: States the limits.
        start_s: When the clock began.
        begun_s: Seconds that were gone by then when the limits began to count.
        num_steps: Steps taken.
        num_evaluations: Pictures priced.
        num_backward_passes: Pictures priced and differentiated.
        evaluations_of_step: What the latest estimate took.
        share_of_time: Which part of the time the present stage may use up.
    """

    problem: Problem
    start_s: float
    begun_s: float = 0.0
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
        gone_s = self.seconds - self.begun_s
        return 0.0 if limit is None else gone_s / (limit * self.share_of_time)

    def problem_of_the_rest(self) -> Problem | None:
        """Return the same problem with the limits that are left; None if that is less than half."""
        seconds, evaluations = self.problem.max_seconds, self.problem.max_evaluations
        if max(self.part_of_time, self._part_of_evaluations) > _HALF:
            return None
        return replace(
            self.problem,
            max_seconds=seconds and seconds * (1 - self.part_of_time),
            max_evaluations=evaluations and evaluations - self.num_evaluations,
        )

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
