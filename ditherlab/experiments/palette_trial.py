"""Trials of palettes: one picture is dithered with a palette and measured."""

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
    """A picture to dither with a palette; any process can run it.

    Attributes:
        picture: The source.
        palette: The fixed palette.
        objective: The objective to minimize, which also gives the cost of the finished picture.
        fit: The treatment of colors outside the palette's gamut.
        num_sweeps: Number of sweeps of the polish after error diffusion.
        is_drawn: Whether the result includes the picture.
    """

    picture: Picture
    palette: Palette
    objective: Objective = field(default_factory=Perceptual)
    fit: Fit = "auto"
    num_sweeps: int = 4
    is_drawn: bool = False


@dataclass(frozen=True, eq=False)
class PaletteVerdict:
    """The measurements of a palette.

    Attributes:
        palette: The palette that was tried.
        fit: The treatment of colors outside the gamut that was used.
        figures: The cost against the source, and every metric.
        num_colors_used: Number of colors in the picture.
        seconds: The time of the dithering.
        png: The picture as an indexed PNG; None if the trial did not ask for it.
    """

    palette: Palette
    fit: Fit
    figures: Figures
    num_colors_used: int
    seconds: float
    png: bytes | None = None

    @property
    def cost(self) -> float:
        """The cost against the source."""
        return self.figures["cost"] or 0.0


def complete(job: Job) -> Solution:
    """Run a job to its end.

    Raises:
        KeyboardInterrupt: After Ctrl-C, because an incomplete run does not measure the palette.
    """
    solution = job.run()
    if solution.outcome == "interrupted":
        raise KeyboardInterrupt
    return solution


def try_palette(trial: PaletteTrial) -> PaletteVerdict:
    """Dither a picture with a palette and measure it; this is the function that executors call."""
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
        figures=judge_picture(trial.picture, solution, trial.objective),
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
    """Run all tasks, and return their results in the order of the tasks.

    Args:
        work: The function to call; an executor of processes needs a plain function.
        tasks: The arguments of the calls, those that take longest first.
        executor: Runs several tasks at once; None runs them one by one in this process.
        on_end: Called with the number of finished tasks.

    Raises:
        PictureError: If a process ended before its task was done.
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
            "A process that tried palettes ended early, perhaps because memory ran out. Use "
            "`--jobs 1` or a smaller `--max-pixels`."
        ) from error
    return [future.result() for future in futures]
