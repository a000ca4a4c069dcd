"""A palette at work: one picture dithered with it and judged."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor, as_completed
from dataclasses import dataclass, field
from typing import TypeVar

from ditherlab.choices import Fit
from ditherlab.errors import PictureError
from ditherlab.experiments.judging import Figures, judge_picture
from ditherlab.images import Picture
from ditherlab.objectives import Perceptual
from ditherlab.palette import Palette
from ditherlab.problem import Problem
from ditherlab.protocol import Objective
from ditherlab.recipe import Shorthands, default_recipe
from ditherlab.request.job import Job
from ditherlab.solver.solution import Solution

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class PaletteTrial:
    """What is to be done with a palette; complete in itself, so that any process can do it.

    Attributes:
        picture: The source.
        palette: Its colors stay.
        objective: What is minimized, and what the finished picture is priced by.
        fit: How the picture's colors are brought into what the palette can show.
        num_sweeps: Sweeps of the polish after error diffusion.
        is_drawn: Whether the picture is wanted, and not only its figures.
    """

    picture: Picture
    palette: Palette
    objective: Objective = field(default_factory=Perceptual)
    fit: Fit = "auto"
    num_sweeps: int = 4
    is_drawn: bool = False


@dataclass(frozen=True, eq=False)
class PaletteVerdict:
    """How a palette did.

    Attributes:
        palette: The one that was tried.
        fit: What was done so that the picture fits it.
        figures: The cost against the picture as it is, and every metric.
        num_colors_used: Colors that the picture shows.
        seconds: How long the dither took.
        png: The picture, indexed; None where it was not wanted.
    """

    palette: Palette
    fit: Fit
    figures: Figures
    num_colors_used: int
    seconds: float
    png: bytes | None = None

    @property
    def cost(self) -> float:
        """The cost against the picture as it is."""
        return self.figures["cost"] or 0.0


def complete(job: Job) -> Solution:
    """Run a job to its end.

    Raises:
        KeyboardInterrupt: At Ctrl-C: what was found by then is no figure of the palette.
    """
    solution = job.run()
    if solution.outcome == "interrupted":
        raise KeyboardInterrupt
    return solution


def try_palette(trial: PaletteTrial) -> PaletteVerdict:
    """Dither the picture with the palette and judge it; what executors are given."""
    start_s = time.monotonic()
    problem = Problem(
        picture=trial.picture,
        palette=trial.palette,
        objective=trial.objective,
        fit=trial.fit,
    )
    recipe = default_recipe(problem, Shorthands(sweeps=trial.num_sweeps))
    solution = complete(Job(problem, recipe, device="cpu"))
    seconds = time.monotonic() - start_s
    return PaletteVerdict(
        palette=trial.palette,
        fit=problem.chosen_fit(),
        figures=judge_picture(trial.picture, solution.picture, trial.objective),
        num_colors_used=solution.num_colors_used,
        seconds=seconds,
        png=solution.to_png() if trial.is_drawn else None,
    )


def run_tasks(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    executor: Executor | None,
    on_end: Callable[[int], None] = lambda _num_ended: None,
) -> list[Result]:
    """Do every task, and return what they come to in their order.

    Args:
        work: What is done; an executor of processes needs a plain function.
        tasks: What it is done to, those that take longest first.
        executor: Does several at once; None does one after the other, here.
        on_end: Called with the number of those that have ended.

    Raises:
        PictureError: If a process ended before its work.
    """
    if executor is None:
        results = []
        for number, task in enumerate(tasks):
            results.append(work(task))
            on_end(number + 1)
        return results
    futures = [executor.submit(work, task) for task in tasks]
    try:
        for number, future in enumerate(as_completed(futures)):
            future.result()
            on_end(number + 1)
    except BrokenExecutor as error:
        raise PictureError(
            "A process that tried palettes has ended, perhaps for want of memory. Use `--jobs 1`, "
            "or fewer `--max-pixels`."
        ) from error
    return [future.result() for future in futures]
