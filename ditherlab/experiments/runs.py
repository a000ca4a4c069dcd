"""Runs of estimators on one problem: budgets and results."""

from dataclasses import dataclass, field
from typing import Literal

from ditherlab.experiments.prices import BaselineFigures, IndexImage
from ditherlab.problem import Problem
from ditherlab.solver.snapshot import Outcome, Snapshot

BudgetName = Literal["equal-time", "equal-evaluations"]


@dataclass(frozen=True)
class Budgets:
    """The budgets of all runs.

    Attributes:
        seconds: The time of a run under equal time.
        evaluations: The number under equal evaluations; None if it is not known yet.
        slowest: The estimator with the fewest evaluations under equal time.
        is_shortened: Whether `evaluations` was reduced below the number of the slowest one, so that
            all runs fit into the time.
    """

    seconds: float
    evaluations: int | None = None
    slowest: str | None = None
    is_shortened: bool = False


@dataclass(frozen=True, eq=False)
class RunFigures:
    """One run: an estimator, a seed, a budget, and the result.

    Attributes:
        estimator: The estimator's name as given.
        budget: The kind of budget.
        seed: The seed of the start and of all draws.
        outcome: The reason why the run ended; `failed` after an error.
        cost: The cost of the finished picture; None if it is not finite, or took too long.
        expected_cost: The mean cost of pictures drawn from the last probabilities; None without
            any.
        entropy: Final mean entropy per pixel, in nats.
        seconds: The time of the run, including the setup.
        num_steps: Number of steps.
        num_evaluations: Number of cost evaluations.
        num_backward_passes: Number of cost evaluations with a gradient.
        temperature: First and last temperature of the annealing; None without annealing.
        snapshots: Reports during the run.
        indices: The finished picture; None if it failed.
        reason: The error message of a failed run.
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
        """True if the run used its full budget, so that it is comparable with others."""
        ends = {"equal-time": "out-of-time", "equal-evaluations": "out-of-evaluations"}
        return self.outcome == ends[self.budget]


@dataclass(frozen=True)
class RunComparison:
    """All runs of a comparison, and the baselines.

    Attributes:
        problem: The problem, with the fixed palette of all runs.
        optimizer: The optimizer of all runs, as text.
        budgets: The budgets of the runs.
        baselines: Pictures in the same palette without optimization.
        runs: The finished runs, in the order in which they were made.
        is_complete: Whether all runs were made, without an interruption or a lack of time.
    """

    problem: Problem
    optimizer: str
    budgets: Budgets
    baselines: tuple[BaselineFigures, ...]
    runs: tuple[RunFigures, ...]
    is_complete: bool = True

    @property
    def best_baseline(self) -> BaselineFigures | None:
        """The baseline with the lowest cost; None if none has a finite cost."""
        priced = [
            (baseline.cost, baseline) for baseline in self.baselines if baseline.cost is not None
        ]
        return min(priced, key=lambda pair: pair[0])[1] if priced else None


@dataclass(frozen=True)
class RunProgress:
    """The progress of a comparison.

    Attributes:
        number: The number of the current run, from 1.
        num_runs: The total number of runs.
        task: The current run.
        seconds_left: The estimated time until all runs are done.
    """

    number: int
    num_runs: int
    task: "Task"
    seconds_left: float


@dataclass(frozen=True)
class Task:
    """A run to be made.

    Attributes:
        estimator: The estimator's name.
        seed: The seed of the run.
        budget: The budget that ends the run.
        expected_s: The estimated time of the run.
    """

    estimator: str
    seed: int
    budget: BudgetName
    expected_s: float
