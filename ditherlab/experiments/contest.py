"""Runs of several estimators on one problem, under equal time and under equal evaluations."""

import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import replace

from ditherlab.black_box.deadline import deadline
from ditherlab.errors import DitherlabError
from ditherlab.experiments.comparison import descent_recipe, fix_palette
from ditherlab.experiments.prices import BaselineFigures, PriceList
from ditherlab.experiments.runs import (
    BudgetName,
    Budgets,
    RunComparison,
    RunFigures,
    RunProgress,
    Task,
)
from ditherlab.optimizers import Adam
from ditherlab.problem import Limits, Problem, find_device
from ditherlab.protocol import Estimator, Optimizer
from ditherlab.solver.budget import Clock
from ditherlab.solver.solution import Solution
from ditherlab.solver.solver import SECONDS_BETWEEN_REPORTS, optimize

DEFAULT_SECONDS_PER_RUN = 5.0

# Runs end by time or by evaluations, never by steps.
_UNLIMITED_STEPS = 10**9

_NUM_REPORT_SAMPLES = 4
_REPORTS_PER_RUN = 40

# The part of the total time for runs under equal time; the others get the rest.
_PART_OF_EQUAL_TIME = 2 / 3

# The part of a run's time for setup and final measurement.
_OVERHEAD = 0.05

# A run under equal evaluations ends after this many times its expected time.
_MAX_SLOWDOWN = 3.0

# Allowed beyond the total time: for the last run to end, and for the cost of its picture. Work
# that takes longer is abandoned.
_GRACE_S = 1.0
_GRACE_TO_PRICE_S = 0.5


def compare_runs(
    problem: Problem,
    estimators: Mapping[str, Estimator],
    *,
    optimizer: Optimizer | None = None,
    seed: int = 0,
    device: str = "auto",
    num_seeds: int = 3,
    max_seconds: float | None = None,
    clock: Clock = time.monotonic,
    on_progress: Callable[[RunProgress], None] = lambda _progress: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> RunComparison:
    """Optimize with each estimator under equal time, then under equal evaluations.

    All runs use the same fixed palette and the same optimizer. Runs with the same seed start from
    the same probabilities near the nearest colors. The pictures are not polished. The budget of
    evaluations is the number that the slowest estimator reached under equal time, or less if the
    runs would not fit into the total time.

    Args:
        problem: The problem; a palette to learn is replaced by one from k-means.
        estimators: The estimators by name; all must fit.
        optimizer: The optimizer of all runs; None means Adam.
        seed: The seed of the first runs.
        device: `auto`, `cpu`, `cuda` or `mps`.
        num_seeds: Number of runs of each estimator under each budget.
        max_seconds: The total time; None gives each run `DEFAULT_SECONDS_PER_RUN`. Runs that would
            end later are not started.
        clock: Returns seconds; used for all times.
        on_progress: Called before each run and at each of its reports.
        should_stop: Called often; if true, the finished runs are returned. A Python function that
            computes costs in another process is then abandoned, as it is after `max_seconds`.
    """
    contest = _Contest(
        fix_palette(problem, seed=seed, device=device),
        estimators,
        optimizer=optimizer or Adam(),
        seeds=range(seed, seed + num_seeds),
        device=device,
        max_seconds=max_seconds,
        clock=clock,
    )
    # One bound cost computes the costs of all finished pictures: binding may take seconds.
    with (
        closing(contest.prices.cost),
        deadline(lambda: should_stop() or contest.left_s < -_GRACE_S - _GRACE_TO_PRICE_S),
    ):
        contest.price_baselines()
        for task in contest.tasks():
            if should_stop() or not contest.has_time_for(task):
                return contest.comparison(is_complete=False)
            figures = contest.carry_out(task, on_progress, should_stop)
            if figures.outcome == "interrupted":
                return contest.comparison(is_complete=False)
    return contest.comparison(is_complete=True)


class _Contest:
    """The state of one comparison: budgets, queued and finished runs."""

    def __init__(
        self,
        problem: Problem,
        estimators: Mapping[str, Estimator],
        *,
        optimizer: Optimizer,
        seeds: range,
        device: str,
        max_seconds: float | None,
        clock: Clock,
    ) -> None:
        self.problem, self.estimators, self.optimizer = problem, estimators, optimizer
        self.seeds, self.device, self.clock = seeds, device, clock
        self.end_s = None if max_seconds is None else clock() + max_seconds
        self.prices = PriceList.of(problem, find_device(device))
        self.baselines: tuple[BaselineFigures, ...] = ()
        num_runs = max(1, len(estimators) * len(seeds))
        share_s = (
            DEFAULT_SECONDS_PER_RUN
            if max_seconds is None
            else max_seconds * _PART_OF_EQUAL_TIME / num_runs * (1 - _OVERHEAD)
        )
        self.budgets = Budgets(share_s)
        self.queue: list[Task] = []
        self.runs: list[RunFigures] = []

    @property
    def left_s(self) -> float:
        """The seconds that are left of the total time."""
        return math.inf if self.end_s is None else self.end_s - self.clock()

    def has_time_for(self, task: Task) -> bool:
        """Return whether enough time is left for a run to use its full budget."""
        needed_s = self.budgets.seconds if task.budget == "equal-time" else 0.0
        return self.left_s + _GRACE_S > needed_s

    def price_baselines(self) -> None:
        """Compute the costs of the baselines."""
        with self._deadline_of_one_run():
            self.baselines = self.prices.baselines()

    def tasks(self) -> Iterator[Task]:
        """Yield the runs seed by seed, so that an early end leaves complete rounds."""
        expected_s = dict.fromkeys(self.estimators, self.budgets.seconds)
        yield from self._enqueue("equal-time", expected_s)
        seconds_each = _seconds_per_evaluation(self.runs)
        if seconds_each:
            self.budgets = self._count_evaluations(seconds_each)
            # The speed of an estimator without a full run is unknown: assume the lowest one.
            slowest_s = max(seconds_each.values())
            evaluations = self.budgets.evaluations or 0
            expected_s = {
                name: seconds_each.get(name, slowest_s) * evaluations for name in self.estimators
            }
            yield from self._enqueue("equal-evaluations", expected_s)

    def carry_out(
        self,
        task: Task,
        on_progress: Callable[[RunProgress], None],
        should_stop: Callable[[], bool],
    ) -> RunFigures:
        """Run a task and measure its picture; keep the result unless it was interrupted."""

        def report(progress: float) -> None:
            on_progress(self._progress(task, progress))

        report(0.0)
        try:
            solution = self._run(task, report, should_stop)
            figures = self._judge(task, solution)
        except DitherlabError as error:
            figures = _failed(task, str(error))
        if should_stop() and figures.cost is None:
            # The computation of the cost was abandoned.
            return replace(figures, outcome="interrupted")
        if figures.outcome != "interrupted":
            self.runs.append(figures)
        return figures

    def comparison(self, *, is_complete: bool) -> RunComparison:
        """Return the results so far."""
        return RunComparison(
            self.problem,
            str(self.optimizer),
            self.budgets,
            self.baselines,
            tuple(self.runs),
            is_complete,
        )

    def _deadline_of_one_run(self) -> AbstractContextManager[None]:
        latest_s = self.clock() + max(self.budgets.seconds, _GRACE_S)
        return deadline(lambda: self.clock() > latest_s)

    def _enqueue(self, budget: BudgetName, expected_s: Mapping[str, float]) -> Iterator[Task]:
        self.queue = [
            Task(name, seed, budget, expected_s[name])
            for seed in self.seeds
            for name in self.estimators
        ]
        while self.queue:
            yield self.queue.pop(0)

    def _run(
        self,
        task: Task,
        report: Callable[[float], None],
        should_stop: Callable[[], bool],
    ) -> Solution:
        """Optimize with the estimator alone, without error diffusion and polish."""
        under_time = task.budget == "equal-time"
        seconds = self.budgets.seconds
        longest_s = min(_MAX_SLOWDOWN * max(seconds, task.expected_s), self.left_s + _GRACE_S)
        limits = Limits(
            # Stays above 0 even if time has passed since `has_time_for`.
            seconds=seconds if under_time else max(longest_s, seconds / _REPORTS_PER_RUN),
            evaluations=None if under_time else self.budgets.evaluations,
        )
        return optimize(
            self.problem,
            descent_recipe(
                self.problem, self.estimators[task.estimator], self.optimizer, _UNLIMITED_STEPS
            ),
            limits=limits,
            seed=task.seed,
            device=self.device,
            clock=self.clock,
            on_progress=lambda snapshot: report(snapshot.progress),
            should_stop=should_stop,
            seconds_between_reports=min(SECONDS_BETWEEN_REPORTS, seconds / _REPORTS_PER_RUN),
            num_report_samples=_NUM_REPORT_SAMPLES,
        )

    def _judge(self, task: Task, solution: Solution) -> RunFigures:
        history = solution.history
        if solution.outcome == "out-of-time" and history.num_evaluations == 0:
            return _failed(task, "The time was up before the first step.")
        with self._deadline_of_one_run():
            cost = self.prices.price(solution.indices)
        last = history.snapshots[-1] if history.snapshots else None
        return RunFigures(
            estimator=task.estimator,
            budget=task.budget,
            seed=task.seed,
            outcome=solution.outcome,
            cost=cost,
            expected_cost=None if last is None else last.cost,
            entropy=None if last is None else last.entropy,
            seconds=solution.seconds,
            num_steps=solution.num_steps,
            num_evaluations=history.num_evaluations,
            num_backward_passes=history.num_backward_passes,
            temperature=history.temperature,
            snapshots=history.snapshots,
            indices=solution.indices,
        )

    def _count_evaluations(self, seconds_each: Mapping[str, float]) -> Budgets:
        managed = {
            name: statistics.median(run.num_evaluations for run in _ended_runs(self.runs, name))
            for name in seconds_each
        }
        slowest = min(managed, key=lambda name: managed[name])
        evaluations = int(managed[slowest])
        affordable = evaluations
        if self.end_s is not None:
            left_s = max(0.0, self.left_s) * (1 - _OVERHEAD)
            affordable = int(left_s / (len(self.seeds) * sum(seconds_each.values())))
        return replace(
            self.budgets,
            evaluations=max(1, min(evaluations, affordable)),
            slowest=slowest,
            is_shortened=affordable < evaluations,
        )

    def _progress(self, task: Task, progress: float) -> RunProgress:
        left_s = task.expected_s * (1 - progress) + sum(later.expected_s for later in self.queue)
        num_runs_a_budget = len(self.estimators) * len(self.seeds)
        is_first = task.budget == "equal-time"
        if is_first and self.end_s is not None:
            left_s = self.left_s
        elif is_first:
            left_s += num_runs_a_budget * self.budgets.seconds
        return RunProgress(
            number=(1 if is_first else 2) * num_runs_a_budget - len(self.queue),
            num_runs=2 * num_runs_a_budget,
            task=task,
            seconds_left=max(0.0, left_s),
        )


def _failed(task: Task, reason: str) -> RunFigures:
    return RunFigures(task.estimator, task.budget, task.seed, "failed", reason=reason)


def _ended_runs(runs: Sequence[RunFigures], estimator: str) -> list[RunFigures]:
    return [run for run in runs if run.estimator == estimator and run.spent_its_budget]


def _seconds_per_evaluation(runs: Sequence[RunFigures]) -> dict[str, float]:
    """Return the median over the runs of each estimator that used its full time."""
    names = dict.fromkeys(run.estimator for run in runs if run.spent_its_budget)
    return {
        name: statistics.median(
            run.seconds / run.num_evaluations for run in _ended_runs(runs, name)
        )
        for name in names
    }
