"""Many palettes tried on one picture: several at once, with a word on how far it is."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TypeVar

import click

from ditherlab.cli.progress import CountdownBar
from ditherlab.errors import RequestError

Task = TypeVar("Task")
Result = TypeVar("Result")

jobs_option = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Palettes to try at once, each with one thread; 1 tries them in this process.  "
    "[default: one for each core]",
)
max_pixels_option = click.option(
    "--max-pixels",
    type=int,
    default=1 << 17,
    show_default=True,
    metavar="N",
    help="Try palettes on a copy that is shrunk to at most N pixels.",
)


def check_max_pixels(number: int) -> None:
    """Make sure that something is left of the picture.

    Raises:
        RequestError: If it is not above 0.
    """
    if number < 1:
        raise RequestError(f"`--max-pixels` must be at least 1, got {number}. Try 131072.")


@dataclass(frozen=True)
class Trials:
    """How tasks are done.

    Attributes:
        jobs: How many at once; None for one on each core.
        is_quiet: Whether no progress is shown.
    """

    jobs: int | None
    is_quiet: bool

    def run(
        self,
        work: Callable[[Task], Result],
        tasks: Sequence[Task],
        weights: Sequence[float],
    ) -> list[Result]:
        """Do all tasks, those of most weight first, and return what they come to in their order."""
        from ditherlab.experiments import local_pool, num_cores, run_tasks

        order = sorted(range(len(tasks)), key=lambda number: -weights[number])
        num_jobs = min(self.jobs or num_cores(), len(tasks))
        start_s = time.monotonic()
        with ExitStack() as stack:
            executor = stack.enter_context(local_pool(num_jobs)) if num_jobs > 1 else None
            bar = stack.enter_context(CountdownBar(is_hidden=self.is_quiet))

            def show(num_ended: int) -> None:
                left_s = (time.monotonic() - start_s) / num_ended * (len(tasks) - num_ended)
                bar.show(f"{num_ended} of {len(tasks)} palettes", left_s)

            ended = run_tasks(work, [tasks[number] for number in order], executor, show)
        results = dict(zip(order, ended, strict=True))
        return [results[number] for number in range(len(tasks))]
