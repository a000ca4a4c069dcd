"""A wrapper around the steps of a descent that returns to the best state if they led uphill."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from ditherlab.black_box.deadline import DeadlineError
from ditherlab.errors import ObjectiveError
from ditherlab.protocol import Cost
from ditherlab.stages.stage import Progress, StageContext
from ditherlab.stages.state import State
from ditherlab.types import Colors, Probs

# States are compared this often, at equal shares of the descent, so that the result does not depend
# on the speed of the machine.
_NUM_CANDIDATES = 20

# Estimated costs are noisy: fresh draws decide whether a descent led uphill.
_NUM_DECIDING_DRAWS = 4


def keep_best(
    steps: Iterator[Progress], context: StageContext, state: State, cost: Cost, advice: str
) -> Iterator[Progress]:
    """Yield the steps; if the cost is higher at the end than at the start, restore the best state.

    Each picture returns to its own best state; while the palette is learned, all return together.

    Args:
        steps: Of a descent; each prices the state as it stands.
        context: Gets a note if a state was restored.
        state: The state that the steps move.
        cost: Prices drawn pictures, if it offers `value`.
        advice: Who is to blame for noise, for the note.
    """
    best = _Best(state)
    try:
        for progress in steps:
            best.see(progress)
            yield progress
    except GeneratorExit:
        # The run ends here: steps are over, but fresh draws may still decide.
        steps.close()  # type: ignore[attr-defined]
        with suppress(DeadlineError, ObjectiveError):
            best.restore_if_better(context, cost, advice)
        raise
    except (DeadlineError, ObjectiveError):
        best.restore_if_better(context, None, advice)
        raise
    with suppress(DeadlineError, ObjectiveError):
        restored = best.restore_if_better(context, cost, advice)
        if restored is not None and best.last is not None:
            yield Progress(1.0, restored, best.last.step)


@dataclass
class _Best:
    """The cheapest state so far, for each picture or for all of them together."""

    state: State
    first: Float[Tensor, "b"] | None = None
    least: Float[Tensor, "b"] | None = None
    last: Progress | None = None
    steps: list[int] = field(default_factory=list)
    probs: Probs | None = None
    palette: Colors | None = None
    parameters: dict[str, Tensor] = field(default_factory=dict)
    next_share: float = 0.0

    def see(self, progress: Progress) -> None:
        """Compare the state with the best one, now and then."""
        if progress.cost is None or self.state.probs is None:
            return
        self.last = progress
        if progress.share < self.next_share:
            return
        self.next_share = progress.share + 1 / _NUM_CANDIDATES
        costs = self._joint(progress.cost)
        if self.first is None or self.least is None or self.probs is None:
            self.first = self.least = costs
            self.steps = [progress.step] * len(costs)
            self.probs, self.palette = self.state.probs.clone(), self.state.palette.clone()
            self.parameters = {name: x.clone() for name, x in self.state.parameters.items()}
            return
        better = costs < self.least
        if not bool(better.any()):
            return
        self.least = torch.minimum(costs, self.least)
        for number in better.nonzero().flatten().tolist():
            self.steps[number] = progress.step
        self._copy(better, self.state, self)

    def restore_if_better(
        self, context: StageContext, cost: Cost | None, advice: str
    ) -> Float[Tensor, "b"] | None:
        """Restore the best states if the end is worse than the start; return their costs then."""
        if self.last is None or self.last.cost is None or self.first is None or self.least is None:
            return None
        ended, before = self._joint(self.last.cost), self.least
        uphill = ended > self.first
        if not bool(uphill.any()):
            return None
        if cost is not None and "value" in cost.abilities:
            ended = self._joint(price_draws(self.state, cost, context.fresh_generator()))
            before = self._joint(self._price_best(cost, context))
        uphill &= before < ended
        if not bool(uphill.any()):
            return None
        self._copy(uphill, self, self.state)
        for number in uphill.nonzero().flatten().tolist():
            context.notes.append(
                f"The expected cost rose to {float(ended[number]):.4g}: {advice}. The picture is "
                f"the best one seen, of step {self.steps[number]}, at {float(before[number]):.4g}. "
                "Try more samples, a smaller picture, or an estimator that needs more of the "
                "objective."
            )
        return torch.where(uphill, before, ended)

    def _joint(self, costs: Float[Tensor, "b"]) -> Float[Tensor, "g"]:
        return costs.sum(dim=0, keepdim=True) if self.state.palette_is_free else costs

    def _price_best(self, cost: Cost, context: StageContext) -> Float[Tensor, "b"]:
        if self.palette is None:
            raise ValueError("No state was kept.")
        kept = State(palette=self.palette, generator=self.state.generator, probs=self.probs)
        return price_draws(kept, cost, context.fresh_generator())

    def _copy(self, chosen: Tensor, source: "State | _Best", to: "State | _Best") -> None:
        """Copy the states of the chosen pictures; the palette too if it is learned."""
        if source.probs is None or to.probs is None:
            return
        if self.state.palette_is_free and source.palette is not None:
            to.palette = source.palette.clone()
        to.probs = _choose(chosen, source.probs, to.probs)
        to.parameters = {
            name: _choose(chosen, values, to.parameters[name])
            for name, values in source.parameters.items()
        }


def price_draws(
    state: State, cost: Cost, generator: torch.Generator, num_draws: int = _NUM_DECIDING_DRAWS
) -> Float[Tensor, "b"]:
    """Return the mean cost of pictures drawn from the state's probabilities."""
    model = state.model()
    # One by one, as a step may fill the memory.
    costs = [cost.cost(model.images(model.draw_indices(1, generator)))[0] for _ in range(num_draws)]
    return torch.stack(costs).mean(dim=0)


def _choose(chosen: Tensor, these: Tensor, others: Tensor) -> Tensor:
    if bool(chosen.all()):
        return these.clone()
    return torch.where(chosen.view(-1, *[1] * (these.dim() - 1)), these, others)
