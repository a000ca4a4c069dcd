"""The state of a run between two steps, as a checkpoint holds it."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from ditherlab.protocol import Kept
from ditherlab.solver.budget import Budget
from ditherlab.solver.snapshot import Outcome, Snapshot
from ditherlab.stages import Progress, State
from ditherlab.stages.cursor import Values
from ditherlab.types import Colors


@dataclass
class Passage(Kept):
    """The passage of a run through its present stage.

    Attributes:
        begin_s: Seconds that the run had used when the stage began.
        begin_evaluations: Evaluations that it had made.
        earlier_steps: Steps of the stages before.
        unreported: The latest progress with a cost, if it was not reported.
        cursor: The place of the stage, if it was interrupted and goes on.
    """

    begin_s: float
    begin_evaluations: int
    earlier_steps: int
    unreported: Progress | None = None
    cursor: Values | None = None


@dataclass
class SavedRun(Kept):
    """Everything that moves in a run, but the picture that it is about.

    Attributes:
        state: Moved by the stages.
        number: Of the stage that comes next, or that goes on.
        outcome: So far.
        passage: Through the stage that goes on; None if the next one begins.
        first_palette: To which the cost was bound; None if it was not.
        used: Time and evaluations.
        costs: Expected cost at every step; None before the first.
        course: Reports.
        notes: Sentences for the user.
        report_generator: Of the draws for reports.
    """

    state: State
    number: int
    outcome: Outcome
    passage: Passage | None
    first_palette: Colors | None
    used: "Used"
    costs: Float[Tensor, "n"] | None
    course: "Course"
    notes: list[str]
    report_generator: torch.Generator


@dataclass
class Used(Kept):
    """The used part of the budget of a run; see `Budget`."""

    seconds: float
    num_evaluations: int
    num_backward_passes: int
    evaluations_of_step: int

    @classmethod
    def of(cls, budget: Budget) -> "Used":
        """Return what is used of a budget."""
        return cls(
            budget.seconds,
            budget.num_evaluations,
            budget.num_backward_passes,
            budget.evaluations_of_step,
        )

    def resume(self, budget: Budget) -> None:
        """Count as used in a budget what an interrupted run has used."""
        budget.start_s -= self.seconds
        budget.num_evaluations = self.num_evaluations
        budget.num_backward_passes = self.num_backward_passes
        budget.evaluations_of_step = self.evaluations_of_step


@dataclass
class Course(Kept):
    """The course of a run, from which its history is made with the costs.

    Attributes:
        snapshots: Reports.
        num_steps: Steps of the stages that count them.
        has_priced: Whether any step had a cost.
        next_report_s: When the next report is due.
    """

    snapshots: list[Snapshot] = field(default_factory=list)
    num_steps: int = 0
    has_priced: bool = False
    next_report_s: float = 0.0
