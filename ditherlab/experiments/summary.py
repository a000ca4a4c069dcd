"""Statistics over several seeds: means, spreads, and curves with a band."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ditherlab.experiments.runs import BudgetName, RunComparison, RunFigures

_POINTS_PER_CURVE = 60


@dataclass(frozen=True)
class Spread:
    """Statistics of a number over several runs.

    Attributes:
        mean: The mean.
        std: The standard deviation; None for a single number.
        lowest: The lowest number.
        highest: The highest number.
        median: The median.
    """

    mean: float
    std: float | None
    lowest: float
    highest: float
    median: float

    @classmethod
    def of(cls, numbers: Iterable[float | None]) -> "Spread | None":
        """Summarize the numbers that are not None; None if there are none.

        Example:
            >>> Spread.of([1.0, None, 3.0])
            Spread(mean=2.0, std=1.4142135623730951, lowest=1.0, highest=3.0, median=2.0)
        """
        known = [number for number in numbers if number is not None]
        if not known:
            return None
        std = statistics.stdev(known) if len(known) > 1 else None
        median = statistics.median(known)
        return cls(statistics.fmean(known), std, min(known), max(known), median)


@dataclass(frozen=True)
class RunSummary:
    """All runs of an estimator under one budget.

    Attributes:
        estimator: The estimator's name.
        budget: The budget's name.
        num_runs: Number of runs, including failures.
        num_failed: Number of runs that did not use their full budget.
        cost: The cost of the finished pictures.
        expected_cost: The mean cost of pictures drawn from the last probabilities.
        difference: The cost minus that of the best baseline; below 0 is better.
        entropy: Final mean entropy per pixel, in nats.
        seconds: The time of a run.
        num_steps: Median number of steps.
        num_evaluations: Median number of cost evaluations.
        num_backward_passes: Median number of backward passes.
    """

    estimator: str
    budget: BudgetName
    num_runs: int
    num_failed: int
    cost: Spread | None
    expected_cost: Spread | None
    difference: Spread | None
    entropy: Spread | None
    seconds: Spread | None
    num_steps: float
    num_evaluations: float
    num_backward_passes: float

    @classmethod
    def of(cls, runs: Sequence[RunFigures], baseline_cost: float | None) -> "RunSummary":
        """Summarize runs of one estimator under one budget, at least one."""
        costs = [run.cost for run in runs]
        differences = [
            None if cost is None or baseline_cost is None else cost - baseline_cost
            for cost in costs
        ]
        return cls(
            estimator=runs[0].estimator,
            budget=runs[0].budget,
            num_runs=len(runs),
            num_failed=sum(not run.spent_its_budget for run in runs),
            cost=Spread.of(costs),
            expected_cost=Spread.of(run.expected_cost for run in runs),
            difference=Spread.of(differences),
            entropy=Spread.of(run.entropy for run in runs),
            seconds=Spread.of(run.seconds for run in runs),
            num_steps=statistics.median(run.num_steps for run in runs),
            num_evaluations=statistics.median(run.num_evaluations for run in runs),
            num_backward_passes=statistics.median(run.num_backward_passes for run in runs),
        )


@dataclass(frozen=True)
class Curve:
    """The expected cost during the runs, over all seeds.

    Attributes:
        name: The label of the curve, such as an estimator.
        x: Seconds or evaluations.
        mean: The mean over the seeds.
        lowest: The lowest value over the seeds.
        highest: The highest value over the seeds.
    """

    name: str
    x: tuple[float, ...]
    mean: tuple[float, ...]
    lowest: tuple[float, ...]
    highest: tuple[float, ...]

    @classmethod
    def of(
        cls, runs: Sequence[RunFigures], by: Literal["seconds", "num_evaluations"]
    ) -> "Curve | None":
        """Interpolate the snapshots of runs on one grid; None if no run used its full budget."""
        ways = [
            ([getattr(shot, by) for shot in run.snapshots], [shot.cost for shot in run.snapshots])
            for run in runs
            if run.spent_its_budget and run.snapshots
        ]
        return cls.through(runs[0].estimator, ways) if ways else None

    @classmethod
    def through(cls, name: str, ways: Sequence[tuple[Sequence[float], Sequence[float]]]) -> "Curve":
        """Interpolate curves, each a pair of x and costs, on the grid that all of them cover."""
        first, last = max(x[0] for x, _ in ways), min(x[-1] for x, _ in ways)
        grid = np.linspace(first, max(first, last), _POINTS_PER_CURVE)
        costs = np.stack([np.interp(grid, x, cost) for x, cost in ways])
        return cls(
            name,
            tuple(grid.tolist()),
            tuple(costs.mean(axis=0).tolist()),
            tuple(costs.min(axis=0).tolist()),
            tuple(costs.max(axis=0).tolist()),
        )


def group_runs(comparison: RunComparison, budget: BudgetName) -> dict[str, list[RunFigures]]:
    """Return the runs under a budget by estimator, in the order of their first runs."""
    groups: dict[str, list[RunFigures]] = {}
    for run in comparison.runs:
        if run.budget == budget:
            groups.setdefault(run.estimator, []).append(run)
    return groups


def summarize_runs(comparison: RunComparison, budget: BudgetName) -> list[RunSummary]:
    """Return a summary for each estimator under a budget."""
    best = comparison.best_baseline
    baseline_cost = None if best is None else best.cost
    return [RunSummary.of(runs, baseline_cost) for runs in group_runs(comparison, budget).values()]


def typical_run(runs: Sequence[RunFigures]) -> RunFigures | None:
    """Return the run whose picture has the median cost (the lower one of two); None without any."""
    pictured = [run for run in runs if run.indices is not None]
    pictured.sort(key=lambda run: float("inf") if run.cost is None else run.cost)
    return pictured[(len(pictured) - 1) // 2] if pictured else None
