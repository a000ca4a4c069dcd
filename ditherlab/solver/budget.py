"""The budget of a run: its clock, the evaluations it has made, and the part of each stage."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ditherlab.problem import Limits
from ditherlab.stages import Progress

Clock = Callable[[], float]
"""Returns seconds since some moment; never goes back."""

Exhausted = Literal["out-of-time", "out-of-evaluations"]


@dataclass
class Budget:
    """The resources that a run may use, and those used so far.

    Attributes:
        limits: Of the whole run.
        clock: The only clock of the run.
        start_s: When it started, by the clock.
        num_evaluations: Pictures priced.
        num_backward_passes: Pictures priced and differentiated.
        evaluations_of_step: Pictures priced for the latest step.
    """

    limits: Limits
    clock: Clock
    start_s: float
    num_evaluations: int = 0
    num_backward_passes: int = 0
    evaluations_of_step: int = 0

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return self.clock() - self.start_s

    def exhausted(self) -> Exhausted | None:
        """Return what nothing is left of; None if there is some of everything."""
        if self.limits.seconds is not None and self.seconds >= self.limits.seconds:
            return "out-of-time"
        evaluations = self.limits.evaluations
        if evaluations is not None and self.num_evaluations >= evaluations:
            return "out-of-evaluations"
        return None

    def charge(self, progress: Progress) -> None:
        """Count what a step priced."""
        self.evaluations_of_step = progress.num_evaluations
        self.num_evaluations += progress.num_evaluations
        self.num_backward_passes += progress.num_backward_passes

    def allot(self, part: float, begin_s: float, begin_evaluations: int) -> "Allotment":
        """Give a stage a part of what was left when it began.

        Args:
            part: 0 for a stage that is not limited.
            begin_s: Seconds that were used then.
            begin_evaluations: Evaluations that were made then.
        """
        seconds, evaluations = self.limits.seconds, self.limits.evaluations
        if not part:
            seconds = evaluations = None
        left = None if evaluations is None else max(0, evaluations - begin_evaluations)
        return Allotment(
            self,
            begin_s=begin_s,
            seconds=None if seconds is None else part * max(0.0, seconds - begin_s),
            begin_evaluations=begin_evaluations,
            evaluations=None if left is None else max(1, int(part * left)),
        )


@dataclass(frozen=True)
class Allotment:
    """The part of a budget that one stage may use; None for no limit."""

    budget: Budget
    begin_s: float
    seconds: float | None
    begin_evaluations: int
    evaluations: int | None

    def share(self) -> float:
        """Return which part is used, from 0 to 1, of whatever is scarcer: time or evaluations."""
        return min(1.0, max(self._share_of_time(), self._share_of_evaluations()))

    @property
    def is_over(self) -> bool:
        """Return whether nothing is left of the time."""
        return self._share_of_time() >= 1

    def exhausted(self) -> Exhausted | None:
        """Return what does not suffice for another step; None if there is enough of everything."""
        if self.is_over:
            return "out-of-time"
        step = self.budget.evaluations_of_step
        if self.evaluations is not None and self._used_evaluations + step > self.evaluations:
            return "out-of-evaluations"
        return None

    @property
    def _used_evaluations(self) -> int:
        return self.budget.num_evaluations - self.begin_evaluations

    def _share_of_time(self) -> float:
        if self.seconds is None:
            return 0.0
        gone_s = self.budget.seconds - self.begin_s
        return gone_s / self.seconds if self.seconds else 1.0

    def _share_of_evaluations(self) -> float:
        if self.evaluations is None or self._used_evaluations == 0:
            return 0.0
        # At the start of the last step that can be paid for, the share is 1.
        before_last = self.evaluations - self.budget.evaluations_of_step
        return self._used_evaluations / before_last if before_last > 0 else 1.0
