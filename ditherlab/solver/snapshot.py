"""Snapshots of a run, its history, and why it ended."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ditherlab.protocol import Kept
from ditherlab.schedules import Temperatures

if TYPE_CHECKING:
    from ditherlab.plots import Stack
    from ditherlab.solver.history_plot import Over

Outcome = Literal[
    "finished",
    "out-of-time",
    "out-of-evaluations",
    "interrupted",
    "not-finite",
    "cost-failed",
    "nothing-to-draw",
]


@dataclass(frozen=True)
class Snapshot(Kept):
    """A report on a run that goes on.

    Attributes:
        stage: Name of the stage.
        step: Steps of that stage taken so far.
        seconds: Since the start, by the clock of the run.
        cost: Expected cost on hard draws, the mean of all pictures.
        entropy: Mean entropy of a pixel in nats.
        progress: Share of the run that is done, from 0 to 1.
        num_evaluations: Pictures priced so far.
        num_backward_passes: Those of them that were also differentiated.
    """

    stage: str
    step: int
    seconds: float
    cost: float
    entropy: float
    progress: float
    num_evaluations: int
    num_backward_passes: int


@dataclass(frozen=True)
class History:
    """The course of a run.

    Attributes:
        costs: Expected cost at every step, before it was taken; the mean of all pictures. If a
            palette is learned from two starts, the steps from the first one.
        snapshots: At the start and the end of each stage, and now and then between.
        num_steps: Steps of the stages that descend, and rounds of `cross-entropy`.
        num_evaluations: Pictures priced.
        num_backward_passes: Pictures priced and differentiated.
        temperature: First and last temperature of the annealing that was used; None without.
    """

    costs: tuple[float, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    num_steps: int = 0
    num_evaluations: int = 0
    num_backward_passes: int = 0
    temperature: Temperatures | None = None

    def plot(self, over: "Over" = "steps") -> "Stack":
        """Plot the expected cost, and the entropy if pixels were undecided on the way.

        Args:
            over: `steps`, with every cost; or `evaluations` or `seconds`, with those of the
                snapshots.

        Returns:
            A plot that shows itself in a notebook; `save("history.svg")` writes it.

        Raises:
            RequestError: If there is no such axis.
        """
        from ditherlab.solver.history_plot import plot_history

        return plot_history(self, over)
