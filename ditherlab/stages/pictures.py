"""Several pictures with one palette: each is worked on as if it were alone."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from ditherlab.stages.stage import Progress, Stage, StageContext
from ditherlab.stages.state import State


def run_on_each(stage: Stage, context: StageContext, state: State) -> Iterator[Progress]:
    """Run a stage on each picture, step by step side by side, with the noise that it gets alone.

    A picture whose steps end earlier than others' waits for them.

    Args:
        stage: Sees a state of one picture.
        context: Of all pictures.
        state: Of all pictures; joined from the single ones before every yield.
    """
    num_pictures = len(context.problem.pictures)
    generators = copy_generators(state.generator, num_pictures)
    states = [state.only(number, generators[number]) for number in range(num_pictures)]
    runs = [
        iter(stage.run(context.only(number, state.palette), states[number]))
        for number in range(num_pictures)
    ]
    latest: list[Progress | None] = [None] * num_pictures
    try:
        while True:
            steps = [next(run, None) for run in runs]
            state.join(states)
            keep_generator(state.generator, generators[0])
            if all(step is None for step in steps):
                return
            latest = [step or before for step, before in zip(steps, latest, strict=True)]
            yield _join(latest, steps)
    finally:
        for run in runs:
            close = getattr(run, "close", None)
            if close is not None:
                close()
        state.join(states)


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
