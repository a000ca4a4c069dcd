"""The loop: run the stages in order, within the budget, and keep the last good state."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

import torch

from ditherlab.black_box.deadline import DeadlineError, deadline
from ditherlab.errors import ObjectiveError, StageError
from ditherlab.problem import Problem
from ditherlab.randomness import seeded_generator
from ditherlab.solver.budget import Allotment, Budget
from ditherlab.solver.checkpoint_writer import CheckpointWriter
from ditherlab.solver.plan import PlannedStage
from ditherlab.solver.saved_run import Course, Passage, SavedRun, Used
from ditherlab.solver.snapshot import History, Outcome, Snapshot
from ditherlab.stages import Progress, Stage, StageContext, State
from ditherlab.stages.cursor import Cursor
from ditherlab.stages.keep_best import price_draws
from ditherlab.stages.pictures import run_on_each

# After these, the next stage still has something to do.
_GOES_ON = ("finished", "out-of-time", "out-of-evaluations")

# A report on a large picture takes longer than a step: it may take a twentieth of the time.
_STEPPING_TO_REPORTING = 20

# A cost that another process computes is waited for a little beyond the end.
_LEAST_GRACE_S = 0.5

_Take = Callable[[Iterator[Progress], PlannedStage, Allotment, Passage], Outcome]


class Loop:
    """One run: the stages, the state that they move, and what is recorded on the way.

    Attributes:
        state: Moved by the stages; after `run`, the result.
        failure: Sentence about an objective or stage that failed; None if none did.
    """

    def __init__(
        self,
        state: State,
        context: StageContext,
        budget: Budget,
        *,
        on_progress: Callable[[Snapshot], None],
        should_stop: Callable[[], bool],
        seconds_between_reports: float,
        num_report_samples: int | None,
        writer: CheckpointWriter | None = None,
    ) -> None:
        self.state, self.context, self.budget = state, context, budget
        self.on_progress, self.should_stop = on_progress, should_stop
        self.seconds_between_reports = seconds_between_reports
        self.num_report_samples = num_report_samples
        # Reports draw from their own, so that a run is the same however often it reports.
        self.report_generator = seeded_generator(context.seed, context.device)
        self.writer = writer
        self.failure: str | None = None
        self.costs: list[torch.Tensor] = []
        self.course = Course()
        self.good: State | None = None
        self.step_s = 0.0
        self.number = 0
        self.outcome: Outcome = "finished"
        self.resumed: Passage | None = None

    def resume(self, saved: SavedRun) -> None:
        """Go on where an interrupted run was; its state is already that of the loop."""
        self.number, self.outcome, self.resumed = saved.number, saved.outcome, saved.passage
        self.course, self.report_generator = saved.course, saved.report_generator
        self.costs = [] if saved.costs is None else list(saved.costs)
        self.context.notes[:] = saved.notes
        self.good = self.state.clone()
        saved.used.resume(self.budget)
        if saved.first_palette is not None:
            self.context.bind(saved.first_palette)

    def run(self, stages: tuple[PlannedStage, ...]) -> Outcome:
        """Run the stages; once one was stopped, only those without which there is no picture."""
        if self.resumed is None:
            self._write_checkpoint()
        for planned in stages[self.number :]:
            self._run_next(planned)
            self.number += 1
            self._write_checkpoint()
        return self.outcome

    def _run_next(self, planned: PlannedStage) -> None:
        """Run a stage if there is something left, or if there would be no picture without it."""
        exhausted = self.budget.exhausted() if planned.part and self.resumed is None else None
        if self.outcome in _GOES_ON and exhausted is not None:
            self.outcome = exhausted
            if self.writer is not None:
                # With more time, the run goes on from where it is.
                self.writer.is_closed = True
        if self.outcome in _GOES_ON and exhausted is None:
            ended = self._run_stage(planned, self._take_steps)
        elif planned.stage.is_needed(self.state):
            ended = self._run_stage(planned, self._take_first_step)
        else:
            return
        self.outcome = self.outcome if ended == "finished" else ended

    def history(self) -> History:
        """Return what was recorded."""
        return History(
            costs=tuple(torch.stack(self.costs).tolist()) if self.costs else (),
            snapshots=tuple(self.course.snapshots),
            num_steps=self.course.num_steps,
            num_evaluations=self.budget.num_evaluations,
            num_backward_passes=self.budget.num_backward_passes,
            temperature=self.state.temperature,
        )

    def _run_stage(self, planned: PlannedStage, take: _Take) -> Outcome:
        """Run one stage, and leave a finite state with colors of the hardware, and its inks."""
        passage, self.resumed = self.resumed or self._enter_stage(), None
        # Only the final probabilities are kept.
        self.state.drawn_from = None
        begun = (passage.begin_s, passage.begin_evaluations)
        allotment = self.budget.allot(planned.part, *begun)
        self.context.spent = allotment.share
        self.context.kept = self.context.restored = None
        self.context.cursor = Cursor(passage.cursor)
        steps = self._begin(planned.stage)
        try:
            outcome = take(steps, planned, allotment, passage)
        except KeyboardInterrupt:
            outcome = "interrupted"
        except DeadlineError:
            outcome = "interrupted" if self.should_stop() else "out-of-time"
        except (ObjectiveError, StageError) as error:
            has_result = self.state.has_picture and isinstance(error, StageError)
            if not (self.course.has_priced or has_result):
                raise
            outcome, self.failure = "cost-failed", str(error)
        self._close(steps)
        self._record_restored()
        self._settle_palette()
        self._settle_inks()
        if outcome == "not-finite" or not self.state.is_finite():
            self.state, outcome = self.context.kept or self.good or self.state, "not-finite"
        elif planned.part:
            self.good = self.state.clone()
        return outcome

    def _enter_stage(self) -> Passage:
        self.course.next_report_s = 0.0
        self.budget.evaluations_of_step = 0
        return Passage(
            begin_s=self.budget.seconds,
            begin_evaluations=self.budget.num_evaluations,
            earlier_steps=self.course.num_steps,
        )

    def _begin(self, stage: Stage) -> Iterator[Progress]:
        """Run a stage on all pictures together if they share what it moves, else on each."""
        is_joint = stage.joins_pictures and self.state.palette_is_free
        if is_joint or len(self.context.problem.pictures) == 1:
            return stage.run(self.context, self.state)
        return run_on_each(stage, self.context, self.state)

    def _take_first_step(
        self,
        steps: Iterator[Progress],
        planned: PlannedStage,
        allotment: Allotment,
        passage: Passage,
    ) -> Outcome:
        """Let a stage make its picture, and no more."""
        del planned, allotment, passage
        with deadline(self._grace()):
            next(steps, None)
        return "finished"

    def _take_steps(
        self,
        steps: Iterator[Progress],
        planned: PlannedStage,
        allotment: Allotment,
        passage: Passage,
    ) -> Outcome:
        outcome: Outcome | None = None
        while outcome is None:
            begin_s = self.budget.seconds
            with deadline(lambda: self.should_stop() or allotment.is_over):
                progress = next(steps, None)
            self.step_s = self.budget.seconds - begin_s
            if progress is None:
                outcome = "finished"
                break
            # What the stage came back to is recorded already.
            if not (progress.is_repeated or self._record(progress, planned, passage)):
                return "not-finite"
            outcome = self._reason_to_end(planned, allotment, passage)
        if passage.unreported is not None and not self._report(passage.unreported, planned):
            return "not-finite"
        return outcome

    def _record(self, progress: Progress, planned: PlannedStage, passage: Passage) -> bool:
        """Count and record a step, and report it now and then; return False if it is not finite."""
        self.budget.charge(progress)
        if progress.cost is not None:
            if not self._may_be_finite(progress.cost):
                return False
            passage.unreported, self.course.has_priced = progress, True
            if progress.in_history:
                self.costs.append(progress.cost.mean())
        if planned.stage.counts_steps:
            self.course.num_steps = passage.earlier_steps + progress.step
        # The host waits for an accelerator only here, not at every step.
        is_new = passage.unreported is progress
        if is_new and self.budget.seconds >= self.course.next_report_s:
            passage.unreported = None
            return self._report(progress, planned)
        return True

    def _reason_to_end(
        self, planned: PlannedStage, allotment: Allotment, passage: Passage
    ) -> Outcome | None:
        """Return why a stage ends after a step, if it does; write a checkpoint of the step."""
        outcome = "interrupted" if self.should_stop() else allotment.exhausted()
        ends_run = outcome == "interrupted" or (outcome is not None and planned.part == 1)
        self._write_checkpoint(passage, is_last=ends_run)
        return outcome

    def _may_be_finite(self, cost: torch.Tensor) -> bool:
        """Return whether a cost is finite; an accelerator is asked at reports only."""
        return cost.device.type != "cpu" or bool(cost.isfinite().all())

    def _report(self, progress: Progress, planned: PlannedStage) -> bool:
        """Record and report a step; return False if the cost or the state is not finite."""
        begin_s = self.budget.seconds
        cost = self._expected_cost(progress)
        if not (bool(cost.isfinite().all()) and self.state.is_finite()):
            return False
        # A stage that keeps good states itself spares the loop a copy.
        self.good = self.state.clone() if self.context.kept is None else None
        snapshots = self.course.snapshots
        earlier = snapshots[-1].progress if snapshots else 0.0
        snapshot = Snapshot(
            stage=planned.stage.name,
            step=progress.step,
            seconds=self.budget.seconds,
            cost=float(cost.mean()),
            entropy=self._mean_entropy(),
            progress=max(earlier, planned.progress(min(1.0, progress.share))),
            num_evaluations=self.budget.num_evaluations,
            num_backward_passes=self.budget.num_backward_passes,
        )
        snapshots.append(snapshot)
        self.on_progress(snapshot)
        now_s = self.budget.seconds
        pause_s = _STEPPING_TO_REPORTING * (now_s - begin_s) if self.seconds_between_reports else 0
        self.course.next_report_s = now_s + max(self.seconds_between_reports, pause_s)
        return True

    def _expected_cost(self, progress: Progress) -> torch.Tensor:
        if progress.cost is None:
            raise ValueError("Only steps with a cost are reported.")
        if self.num_report_samples is None or self.state.probs is None:
            return progress.cost
        cost = self.context.bind(self.state.palette).cost
        if "value" not in cost.abilities:
            return progress.cost
        return price_draws(self.state, cost, self.report_generator, self.num_report_samples)

    def _close(self, steps: Iterator[Progress]) -> None:
        """End a stage; it may price its picture once more, for about as long as a step took."""
        close = getattr(steps, "close", None)
        if close is not None:
            with suppress(DeadlineError), deadline(self._grace()):
                close()

    def _record_restored(self) -> None:
        """Record the cost of a state that a stopped stage went back to."""
        restored, snapshots = self.context.restored, self.course.snapshots
        if restored is not None and snapshots:
            cost, entropy = float(restored.mean()), self._mean_entropy()
            snapshots.append(replace(snapshots[-1], cost=cost, entropy=entropy))

    def _mean_entropy(self) -> float:
        has_probs = self.state.probs is not None
        return float(self.state.model().entropy().mean()) if has_probs else 0.0

    def _grace(self) -> Callable[[], bool]:
        """Return a deadline a little beyond the end."""
        latest_s = self.budget.seconds + max(_LEAST_GRACE_S, 2 * self.step_s)
        return lambda: self.budget.seconds > latest_s

    def _write_checkpoint(self, passage: Passage | None = None, *, is_last: bool = False) -> None:
        """Write where the run is, if it is time to, and the run can go on from here.

        Args:
            passage: Through a stage that has not ended; None between two stages.
            is_last: Whether the run ends early, so that all later states are not to be resumed.
        """
        writer = self.writer
        if writer is None or writer.is_closed:
            return
        is_due = passage is None or is_last or writer.is_due(self.budget.seconds)
        if is_due and self.outcome in _GOES_ON:
            try:
                writer.write(lambda: self._saved(passage), lambda: self.budget.seconds)
            except KeyboardInterrupt:
                if passage is not None:
                    raise
                self.outcome = "interrupted"
        writer.is_closed = is_last

    def _saved(self, passage: Passage | None) -> SavedRun | None:
        """Return where the run is; None if it cannot go on from here."""
        if passage is not None:
            passage.cursor = self.context.cursor.values()
            if passage.cursor is None or not self.state.is_finite():
                return None
        return SavedRun(
            state=self.state,
            number=self.number,
            outcome=self.outcome,
            passage=passage,
            first_palette=self.context.first_palette,
            used=Used.of(self.budget),
            costs=torch.stack(self.costs) if self.costs else None,
            course=self.course,
            notes=self.context.notes,
            report_generator=self.report_generator,
        )

    def _settle_inks(self) -> None:
        """Give pixels that name an ink of a panel that ink, whatever the stage found."""
        inks = self.context.problem.inks(self.context.device)
        if inks is not None:
            self.state.show_inks(inks)

    def _settle_palette(self) -> None:
        """Move a learned palette to colors that the hardware can show."""
        problem: Problem = self.context.problem
        hardware = problem.hardware
        if hardware is not None:
            self.state.palette = hardware.snap(self.state.palette, problem.num_locked)
