"""What several seeds say together: means, spreads, and curves with a band."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ditherlab.experiments.runs import BudgetName, RunComparison, RunFigures

_POINTS_PER_CURVE = 60


@dataclass(frozen=True)
class Spread:
    """Numbers of several runs.

    Attributes:
        mean: Of all.
        std: Their standard deviation; None for a single one.
        lowest: Of all.
        highest: Of all.
        median: Of all.
    """

    mean: float
    std: float | None
    lowest: float
    highest: float
    median: float

    @classmethod
    def of(cls, numbers: Iterable[float | None]) -> "Spread | None":
        """Take the numbers that are there; None if there are none.

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
        estimator: Its name.
        budget: The budget's name.
        num_runs: Runs that ended, however they did.
        num_failed: Those of them that did not spend their budget.
        cost: Of the finished pictures.
        expected_cost: Of pictures drawn from the last probabilities.
        difference: Cost minus that of the best baseline, seed by seed; below 0 is better.
        entropy: Mean of a pixel in the end, in nats.
        seconds: Of a run.
        num_steps: Median of a run.
        num_evaluations: Median of a run.
        num_backward_passes: Median of a run.
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
    """The expected cost on the way, over all seeds.

    Attributes:
        name: What ran: an estimator, or whatever else differs.
        x: Seconds or evaluations.
        mean: Over the seeds.
        lowest: Of the seeds.
        highest: Of the seeds.
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
        """Put the snapshots of several runs onto one grid; None if no run spent its budget."""
        ways = [
            ([getattr(shot, by) for shot in run.snapshots], [shot.cost for shot in run.snapshots])
            for run in runs
            if run.spent_its_budget and run.snapshots
        ]
        return cls.through(runs[0].estimator, ways) if ways else None

    @classmethod
    def through(cls, name: str, ways: Sequence[tuple[Sequence[float], Sequence[float]]]) -> "Curve":
        """Put ways, each places and costs, onto one grid, as far as all of them reach."""
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
    """Return the runs under a budget by estimator, in the order in which they were first made."""
    groups: dict[str, list[RunFigures]] = {}
    for run in comparison.runs:
        if run.budget == budget:
            groups.setdefault(run.estimator, []).append(run)
    return groups


def summarize_runs(comparison: RunComparison, budget: BudgetName) -> list[RunSummary]:
    """Summarize the runs under a budget, an estimator after the other."""
    best = comparison.best_baseline
    baseline_cost = None if best is None else best.cost
    return [RunSummary.of(runs, baseline_cost) for runs in group_runs(comparison, budget).values()]


def typical_run(runs: Sequence[RunFigures]) -> RunFigures | None:
    """Return the run whose picture has the median cost (the lower one of two); None without any."""
    pictured = [run for run in runs if run.indices is not None]
    pictured.sort(key=lambda run: float("inf") if run.cost is None else run.cost)
    return pictured[(len(pictured) - 1) // 2] if pictured else None
