"""A wrapper around the steps of a descent that returns to the best state if they led uphill."""

from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from math import inf

import torch
from jaxtyping import Float
from torch import Tensor

from ditherlab.black_box.deadline import DeadlineError
from ditherlab.errors import ObjectiveError
from ditherlab.protocol import Cost, Kept
from ditherlab.stages.stage import Progress, StageContext
from ditherlab.stages.state import State

# States are compared this often, at equal shares of the descent, so that the result does not depend
# on the speed of the machine.
_NUM_CANDIDATES = 20

# Estimated costs are noisy: fresh draws decide whether a descent led uphill.
_NUM_DECIDING_DRAWS = 4


def keep_best(
    steps: Generator[Progress, None, None],
    context: StageContext,
    state: State,
    cost: Cost,
    advice: str,
) -> Iterator[Progress]:
    """Yield the steps; if the cost is higher at the end than at the start, restore the best state.

    Args:
        steps: Of a descent; each prices the state as it stands.
        context: Gets a note if a state was restored.
        state: The state that the steps move.
        cost: Prices drawn pictures, if it offers `value`.
        advice: The cause of the noise, for the note.
    """
    best: _Best = context.cursor.resume("best") or _Best(state)
    context.cursor.keep("best", lambda: best)
    context.kept = best.kept
    try:
        for progress in steps:
            if not progress.is_repeated:
                best.see(progress, context)
            yield progress
    except GeneratorExit:
        # The run ends here: steps are over, but fresh draws may still decide.
        steps.close()
        with suppress(DeadlineError, ObjectiveError):
            context.restored = best.restore(context, cost, advice)
        raise
    except (DeadlineError, KeyboardInterrupt, ObjectiveError):
        context.restored = best.restore(context, None, advice)
        raise
    if best.is_restored:
        # Interrupted after that: the end of the steps has moved the state once more.
        best.put_back()
        return
    with suppress(DeadlineError, ObjectiveError):
        restored = best.restore(context, cost, advice)
        if restored is not None and best.last is not None:
            best.last = Progress(1.0, restored, best.last.step, in_history=False)
            yield best.last


@dataclass
class _Best(Kept):
    """The cheapest state so far."""

    state: State
    kept: State | None = None
    kept_at: Progress | None = None
    kept_total: float = inf
    first: Progress | None = None
    last: Progress | None = None
    next_share: float = 0.0
    is_restored: bool = False

    def see(self, progress: Progress, context: StageContext) -> None:
        """Compare the state with the best one, now and then; a copy serves the loop too."""
        self.last = progress
        self.first = self.first or progress
        if progress.share < self.next_share:
            return
        self.next_share = progress.share + 1 / _NUM_CANDIDATES
        total = _total(progress)
        if total < self.kept_total:
            self.kept, self.kept_at, self.kept_total = self.state.clone(), progress, total
            context.kept = self.kept

    def restore(
        self, context: StageContext, cost: Cost | None, advice: str
    ) -> Float[Tensor, "b"] | None:
        """Restore the best state if the end is worse than the start; return its costs then.

        Args:
            context: Of the stage.
            cost: Prices fresh draws; None trusts the estimates.
            advice: For the note.
        """
        if self.kept is None or self.kept_at is None or self.first is None or self.last is None:
            return None
        if not _total(self.first) < _total(self.last) < inf:
            return None
        ended, before = self.last.cost, self.kept_at.cost
        if cost is not None and "value" in cost.abilities:
            ended = price_draws(self.state, cost, context.fresh_generator())
            before = price_draws(self.kept, cost, context.fresh_generator())
        if ended is None or before is None or ended.mean() <= before.mean():
            return None
        self.is_restored = True
        self.put_back()
        context.notes.append(
            f"The expected cost rose to {float(ended.mean()):.4g}: {advice}. The picture is the "
            f"best one seen, of step {self.kept_at.step}, at {float(before.mean()):.4g}. Try more "
            "samples, a smaller picture, or an estimator that needs more of the objective."
        )
        return before

    def put_back(self) -> None:
        """Restore the best state."""
        if self.kept is None:
            return
        self.state.palette, self.state.parameters = self.kept.palette, self.kept.parameters
        if self.kept.probs is not None:
            self.state.show_probs(self.kept.probs)


def price_draws(
    state: State, cost: Cost, generator: torch.Generator, num_draws: int = _NUM_DECIDING_DRAWS
) -> Float[Tensor, "b"]:
    """Return the mean cost of pictures drawn from the state's probabilities."""
    model = state.model()
    # One by one, as a step may fill the memory.
    costs = [cost.cost(model.images(model.draw_indices(1, generator)))[0] for _ in range(num_draws)]
    return torch.stack(costs).mean(dim=0)


def _total(progress: Progress) -> float:
    return inf if progress.cost is None else float(progress.cost.sum())
