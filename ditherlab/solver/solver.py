"""The solver: a problem and a recipe go in, a solution comes out."""

import time
from collections.abc import Callable

import torch

from ditherlab.devices import one_thread
from ditherlab.errors import DitherlabError, PictureError, RequestError
from ditherlab.palette_learning.first_palette import first_palette
from ditherlab.problem import Limits, Problem, find_device
from ditherlab.randomness import seeded_generator
from ditherlab.recipe import Recipe, default_recipe
from ditherlab.solver.budget import Budget, Clock
from ditherlab.solver.checkpoint import Checkpoint
from ditherlab.solver.checkpoint_file import RunFacts, read_run
from ditherlab.solver.checkpoint_writer import CheckpointWriter
from ditherlab.solver.loop import Loop
from ditherlab.solver.memory import allowed_memory_bytes
from ditherlab.solver.memory_need import memory_need
from ditherlab.solver.plan import plan_stages
from ditherlab.solver.snapshot import Outcome, Snapshot
from ditherlab.solver.solution import Solution
from ditherlab.stages import StageContext, State

SECONDS_BETWEEN_REPORTS = 0.2


def optimize(
    problem: Problem,
    recipe: Recipe | str | None = None,
    *,
    limits: Limits | None = None,
    seed: int = 0,
    device: str = "auto",
    clock: Clock = time.monotonic,
    on_progress: Callable[[Snapshot], None] = lambda _snapshot: None,
    should_stop: Callable[[], bool] = lambda: False,
    seconds_between_reports: float = SECONDS_BETWEEN_REPORTS,
    num_report_samples: int | None = None,
    checkpoint: Checkpoint | None = None,
) -> Solution:
    """Find the pictures, and the palette if it is free, at the least expected cost.

    Args:
        problem: What is asked for.
        recipe: How: stages or their words; None takes the default of the problem.
        limits: How long; None for no limit.
        seed: From 0 to 2^63 - 1; the same seed gives the same picture on the same machine.
        device: `auto`, `cpu`, `cuda`, `cuda:N` or `mps`.
        clock: Returns seconds; all times of the run come from it.
        on_progress: Called at the start and end of each stage, and now and then between.
        should_stop: Asked before every step; True ends the run early, with the picture so far. A
            `KeyboardInterrupt` during the run has the same effect. A Python function that prices
            pictures in another process is not waited for then, nor after the time limit.
        seconds_between_reports: At least; a report that takes long is made less often. 0 reports
            every step.
        num_report_samples: Pictures to draw and price at each report, so that reports of different
            estimators compare; they change nothing and count as no evaluations. None takes the
            costs of the steps: exact expectations, or prices of the pictures that they drew.
        checkpoint: Where the state of the run is written, and from which one it goes on. A run that
            was killed and resumed ends with the same bytes as one that was not. If a checkpoint
            cannot be written, the run goes on, with a note.

    Returns:
        The pictures and their history; `outcome` says why the run ended.

    Raises:
        DeviceError: If the device is not there.
        RequestError: If the recipe is impossible for the problem.
        AbilityError: If the objective lacks an ability that a stage needs.
        ObjectiveError: If a Python function fails at its first pictures; later, the outcome is
            `cost-failed`.
        PictureError: If the run does not fit into memory.
        CheckpointError: If the checkpoint to go on from is damaged, or that of another run.
        OutputError: If the checkpoint to write exists, or its folder cannot be written.

    Example:
        >>> import numpy as np
        >>> from ditherlab import Palette, Picture
        >>> gray = np.full((8, 8, 3), 188, dtype=np.uint8)
        >>> picture = Picture(pixels=gray, opaque=np.ones((8, 8), dtype=bool))
        >>> problem = Problem(picture=picture, palette=Palette.from_hex(["000", "fff"]))
        >>> 28 <= int(optimize(problem).indices.sum()) <= 36  # half of the light
        True
    """
    start_s = clock()
    check_seed(seed)
    limits = limits or Limits()
    planned = _planned_recipe(problem, recipe)
    place = find_device(device)
    need, allowed_bytes = memory_need(problem, planned, place), allowed_memory_bytes(limits, place)
    need.check(allowed_bytes)
    context = StageContext(problem=problem, device=place, seed=seed)
    is_demanded = limits.memory_bytes is not None
    context.cache_bytes = need.spare_bytes(allowed_bytes, is_demanded=is_demanded)
    writer, saved = None, None
    if checkpoint is not None:
        checkpoint.check()
        facts = RunFacts.of(problem, planned, limits, seed, place)
        writer = CheckpointWriter(checkpoint, facts, context.notes.append)
        if checkpoint.resume_from is not None:
            saved = read_run(checkpoint.resume_from, facts, place)
    try:
        with torch.no_grad(), one_thread() as context.num_threads:
            loop = Loop(
                saved.state if saved else _first_state(context),
                context,
                Budget(limits, clock, start_s),
                on_progress=on_progress,
                should_stop=should_stop,
                seconds_between_reports=seconds_between_reports,
                num_report_samples=num_report_samples,
                writer=writer,
            )
            if saved:
                loop.resume(saved)
            outcome: Outcome = "nothing-to-draw"
            if problem.has_opaque_pixels:
                outcome = loop.run(plan_stages(problem, planned, limits))
    except DitherlabError:
        raise
    except (MemoryError, RuntimeError) as error:
        # torch reports a full memory in words only, unless the memory is a GPU's.
        if "memory" not in str(error) and not isinstance(error, MemoryError):
            raise
        raise PictureError(
            f"A picture of {problem.width} x {problem.height} pixels with {problem.num_colors} "
            "colors does not fit into memory. Make it smaller, or use fewer colors."
        ) from error
    finally:
        context.close()
    return Solution.of(
        loop.state,
        problem=problem,
        recipe=planned,
        limits=limits,
        seed=seed,
        device=place,
        outcome=outcome,
        history=loop.history(),
        seconds=loop.budget.seconds,
        notes=tuple(context.notes),
        failure=loop.failure,
    )


def check_seed(seed: int) -> None:
    """Refuse a seed that a generator cannot take.

    Raises:
        RequestError: If it is not from 0 to 2^63 - 1.
    """
    if not 0 <= seed < 2**63:
        raise RequestError(f"The seed must be from 0 to 2^63 - 1, got {seed}.")


def _planned_recipe(problem: Problem, recipe: Recipe | str | None) -> Recipe:
    if recipe is None:
        return default_recipe(problem)
    planned = Recipe.parse(recipe) if isinstance(recipe, str) else recipe
    return planned.resolved(problem)


def _first_state(context: StageContext) -> State:
    """Return a state with the fixed palette, or the one that learning begins with."""
    problem, device = context.problem, context.device
    generator = seeded_generator(context.seed, device)
    fit, target = problem.chosen_fit(device), problem.target(device)
    learned = problem.learned
    if learned is None:
        if problem.fit == "auto" and fit != "none":
            context.notes.append(
                "The palette cannot show most of the picture's colors: each is replaced by the "
                "nearest that it can show, lightness first. Use `--fit none` to aim at the "
                "originals, or `--fit compress` to keep detail in bright and dark parts."
            )
        return State(palette=problem.fixed_colors(device), generator=generator)
    palette, is_free = first_palette(
        target, learned.num_colors, generator, problem.locked_colors, problem.hardware
    )
    if is_free and not problem.objective.abilities & {"gradient", "expectation"}:
        context.notes.append(
            f"`{problem.objective}` has no gradient for colors, so the palette stays as k-means "
            "found it."
        )
        is_free = False
    if not is_free and problem.hardware is not None:
        palette = problem.hardware.snap(palette, problem.num_locked)
    return State(palette=palette, generator=generator, palette_is_free=is_free)
