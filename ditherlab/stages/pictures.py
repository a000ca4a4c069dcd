"""Several pictures with one palette: each is worked on as if it were alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ditherlab.protocol import Kept
from ditherlab.stages.cursor import Values
from ditherlab.stages.stage import REPEATED, Progress, Stage, StageContext
from ditherlab.stages.state import State


def run_on_each(stage: Stage, context: StageContext, state: State) -> Iterator[Progress]:
    """Run a stage on each picture, step by step side by side, with the noise that it gets alone.

    A picture whose steps end earlier than others' waits for them.

    Args:
        stage: Sees a state of one picture.
        context: Of all pictures.
        state: Of all pictures; joined from the single ones before every yield.
    """
    numbers = range(len(context.problem.pictures))
    place = context.cursor.resume("pictures") or _Places.start(state, len(numbers))
    contexts = [context.only(number, state.palette, place.cursors[number]) for number in numbers]
    context.cursor.keep("pictures", lambda: place.at(contexts))
    runs = [
        iter(()) if place.has_ended[number] else iter(stage.run(contexts[number], one))
        for number, one in enumerate(place.states)
    ]
    try:
        while True:
            steps = [next(run, None) for run in runs]
            state.join(place.states)
            keep_generator(state.generator, place.states[0].generator)
            place.has_ended = [step is None for step in steps]
            if all(place.has_ended):
                return
            if any(step is not None and step.is_repeated for step in steps):
                yield REPEATED
                continue
            place.latest = [
                step or before for step, before in zip(steps, place.latest, strict=True)
            ]
            yield _join(place.latest, steps)
    finally:
        for run in runs:
            close = getattr(run, "close", None)
            if close is not None:
                close()
        state.join(place.states)


@dataclass
class _Places(Kept):
    """The place of a stage in each of several pictures.

    Attributes:
        states: Of single pictures.
        latest: The latest step of each.
        has_ended: Whether the stage has ended.
        cursors: Values of the stage's cursor.
    """

    states: list[State]
    latest: list[Progress | None]
    has_ended: list[bool]
    cursors: list[Values | None]

    @classmethod
    def start(cls, state: State, num_pictures: int) -> "_Places":
        generators = copy_generators(state.generator, num_pictures)
        states = [state.only(number, generator) for number, generator in enumerate(generators)]
        empty: list[None] = [None] * num_pictures
        return cls(states, [*empty], [False] * num_pictures, [*empty])

    def at(self, contexts: Sequence[StageContext]) -> "_Places | None":
        """Return the places with the values of cursors; None if a picture cannot go on."""
        self.cursors = [context.cursor.values() for context in contexts]
        pairs = zip(self.cursors, self.has_ended, strict=True)
        return self if all(cursor is not None or ended for cursor, ended in pairs) else None


def _join(latest: Sequence[Progress | None], steps: Sequence[Progress | None]) -> Progress:
    """Return the progress of all pictures; costs are the latest of each."""
    known = [progress for progress in latest if progress is not None]
    costs = [progress.cost for progress in known if progress.cost is not None]
    made = [step for step in steps if step is not None]
    return Progress(
        share=min(progress.share for progress in known),
        cost=torch.cat(costs) if len(costs) == len(latest) else None,
        step=max(progress.step for progress in known),
        # A batch counts as one evaluation, as for objectives.
        num_evaluations=max(step.num_evaluations for step in made),
        num_backward_passes=max(step.num_backward_passes for step in made),
        in_history=all(progress.in_history for progress in known),
    )


def copy_generators(generator: torch.Generator, num_copies: int) -> list[torch.Generator]:
    """Return generators that all draw what this one would; a single one is itself."""
    if num_copies == 1:
        return [generator]
    copies = [torch.Generator(device=generator.device) for _ in range(num_copies)]
    for copy in copies:
        copy.set_state(generator.get_state())
    return copies


def keep_generator(generator: torch.Generator, used: torch.Generator) -> None:
    """Let a generator go on where one of its copies is."""
    if used is not generator:
        generator.set_state(used.get_state())


def stack_pictures(pictures: Sequence[Tensor]) -> Tensor:
    """Return pictures as one tensor; a single one without a copy."""
    return pictures[0].unsqueeze(0) if len(pictures) == 1 else torch.stack(list(pictures))
