"""The measurements of `ditherlab compare`, with a time limit and a progress bar."""

from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING

from ditherlab.black_box.deadline import deadline
from ditherlab.cli import clock
from ditherlab.cli.progress import CountdownBar, Interruption

if TYPE_CHECKING:
    from ditherlab.experiments import Comparison, GradientProblem, RunComparison, RunProgress
    from ditherlab.problem import Problem
    from ditherlab.protocol import Estimator

_PART_OF_GRADIENTS = 1 / 4

# Each estimator is measured at least twice. The measurement stops at this part of the time, so
# that enough is left for the runs.
_LARGEST_PART_OF_GRADIENTS = 1 / 2

# Without a limit: enough for most estimators to finish all their repetitions.
_SECONDS_PER_ESTIMATOR = 15.0


class Laboratory:
    """Measure gradients and runs within a time limit, and show the time left."""

    def __init__(
        self,
        problem: "Problem",
        estimators: "Mapping[str, Estimator]",
        *,
        seeds: range,
        device: str,
        max_seconds: float | None,
        bar: CountdownBar,
        interruption: Interruption,
    ) -> None:
        self.problem, self.estimators, self.seeds = problem, estimators, seeds
        self.device, self.max_seconds = device, max_seconds
        self.bar = bar
        self.interruption = interruption
        self.start_s = clock.now()

    def compare_gradients(
        self, place: "GradientProblem", num_repetitions: int, *, is_all: bool
    ) -> "Comparison":
        """Measure the gradients, in a quarter of the time if runs follow."""
        from ditherlab.experiments import compare_gradients

        max_seconds, afterwards_s = self._split_time(is_all=is_all)
        now = (0, "reference")

        def report(num_done: int, name: str) -> None:
            gone_s, num_all = self._seconds(), 1 + len(self.estimators)
            left_s = None
            if self.max_seconds is not None:
                left_s = max(0.0, max_seconds - gone_s) + afterwards_s
            elif num_done:
                left_s = gone_s / num_done * (num_all - num_done) + afterwards_s
            self.bar.show(f"gradients {num_done + 1}/{num_all}: {name}", left_s)
            nonlocal now
            now = (num_done, name)

        def should_stop() -> bool:
            # Called between gradients, so that the bar moves during a long measurement.
            report(*now)
            return self.interruption()

        limit_s = self.max_seconds
        latest_s = limit_s if limit_s is None or is_all else limit_s * _LARGEST_PART_OF_GRADIENTS
        with (
            closing(place.cost),
            deadline(lambda: latest_s is not None and self._seconds() > latest_s),
        ):
            return compare_gradients(
                place,
                self.estimators,
                num_repetitions=num_repetitions,
                seed=self.seeds[0],
                max_seconds=max_seconds,
                clock=clock.now,
                on_progress=report,
                should_stop=should_stop,
            )

    def compare_runs(self) -> "RunComparison | None":
        """Optimize with each estimator in the remaining time; None if no time is left."""
        from ditherlab.experiments import compare_runs

        def report(progress: "RunProgress") -> None:
            task = progress.task
            self.bar.show(
                f"run {progress.number}/{progress.num_runs}: {task.estimator}, "
                f"{task.budget.replace('-', ' ')}, seed {task.seed}",
                progress.seconds_left,
            )

        limit_s = self.max_seconds
        left_s = None if limit_s is None else limit_s - self._seconds()
        if left_s is not None and left_s <= 0:
            return None
        return compare_runs(
            self.problem,
            self.estimators,
            seed=self.seeds[0],
            device=self.device,
            num_seeds=len(self.seeds),
            max_seconds=left_s,
            clock=clock.now,
            on_progress=report,
            should_stop=self.interruption,
        )

    def _seconds(self) -> float:
        return clock.now() - self.start_s

    def _split_time(self, *, is_all: bool) -> tuple[float, float]:
        """Return the time limit of the gradients and the expected time of the runs, in seconds."""
        from ditherlab.experiments import DEFAULT_SECONDS_PER_RUN, PARTS_OF_REFERENCE

        limit_s = self.max_seconds
        if limit_s is None:
            num_parts = PARTS_OF_REFERENCE + len(self.estimators)
            num_runs = 0 if is_all else 2 * len(self.estimators) * len(self.seeds)
            return num_parts * _SECONDS_PER_ESTIMATOR, num_runs * DEFAULT_SECONDS_PER_RUN
        if is_all:
            return limit_s, 0.0
        return limit_s * _PART_OF_GRADIENTS, limit_s * (1 - _PART_OF_GRADIENTS)
