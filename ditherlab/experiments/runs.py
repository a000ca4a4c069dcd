"""Runs of estimators on one problem: what each could spend, and what came of it."""

from dataclasses import dataclass, field
from typing import Literal

from ditherlab.experiments.prices import BaselineFigures, IndexImage
from ditherlab.problem import Problem
from ditherlab.solver.snapshot import Outcome, Snapshot

BudgetName = Literal["equal-time", "equal-evaluations"]


@dataclass(frozen=True)
class Budgets:
    """What every run may spend.

    Attributes:
        seconds: Under equal time.
        evaluations: Under equal evaluations; None while it is not known yet.
        slowest: The estimator that managed the fewest evaluations under equal time.
        is_shortened: Whether `evaluations` is less than the slowest one managed, so that all runs
            fit into the time.
    """

    seconds: float
    evaluations: int | None = None
    slowest: str | None = None
    is_shortened: bool = False


@dataclass(frozen=True, eq=False)
class RunFigures:
    """One run: an estimator, a seed, a budget, and what came of it.

    Attributes:
        estimator: The name that was asked for.
        budget: What all estimators got alike.
        seed: Of the start and of all draws.
        outcome: Why it ended; `failed` if it could not be done.
        cost: Of the finished picture as it would be written; None if it is not finite, or took too
            long.
        expected_cost: Of pictures drawn from the last probabilities; None if there were none.
        entropy: Mean of a pixel in the end, in nats.
        seconds: How long it took, the setup included.
        num_steps: Steps that were taken.
        num_evaluations: Pictures priced.
        num_backward_passes: Pictures priced and differentiated.
        temperature: Start and end of its annealing; None without.
        snapshots: Reports on the way.
        indices: The finished picture; None if it failed.
        reason: Why it failed.
    """

    estimator: str
    budget: BudgetName
    seed: int
    outcome: Outcome | Literal["failed"]
    cost: float | None = None
    expected_cost: float | None = None
    entropy: float | None = None
    seconds: float = 0.0
    num_steps: int = 0
    num_evaluations: int = 0
    num_backward_passes: int = 0
    temperature: tuple[float, float] | None = None
    snapshots: tuple[Snapshot, ...] = ()
    indices: IndexImage | None = field(default=None, repr=False)
    reason: str | None = None

    @property
    def spent_its_budget(self) -> bool:
        """Whether it ran as long as it was meant to, so that it compares with others."""
        ends = {"equal-time": "out-of-time", "equal-evaluations": "out-of-evaluations"}
        return self.outcome == ends[self.budget]


@dataclass(frozen=True)
class RunComparison:
    """All runs, and what they are compared with.

    Attributes:
        problem: What was solved, with the palette that all runs had.
        optimizer: The words of what moved the probabilities in all runs.
        budgets: What each run could spend.
        baselines: The same palette without optimizing.
        runs: Those that ended, in the order in which they were made.
        is_complete: Whether none was left out for want of time, or interrupted.
    """

    problem: Problem
    optimizer: str
    budgets: Budgets
    baselines: tuple[BaselineFigures, ...]
    runs: tuple[RunFigures, ...]
    is_complete: bool = True

    @property
    def best_baseline(self) -> BaselineFigures | None:
        """The baseline that costs least; None if none has a finite cost."""
        priced = [
            (baseline.cost, baseline) for baseline in self.baselines if baseline.cost is not None
        ]
        return min(priced, key=lambda pair: pair[0])[1] if priced else None


@dataclass(frozen=True)
class RunProgress:
    """Where a comparison is.

    Attributes:
        number: Of the run that goes on, from 1.
        num_runs: In all.
        task: What runs.
        seconds_left: Until all is done, as far as can be told.
    """

    number: int
    num_runs: int
    task: "Task"
    seconds_left: float


@dataclass(frozen=True)
class Task:
    """A run that is to be made.

    Attributes:
        estimator: Its name.
        seed: Of this run.
        budget: Which of the budgets ends it.
        expected_s: How long it will take, as far as can be told.
    """

    estimator: str
    seed: int
    budget: BudgetName
    expected_s: float
