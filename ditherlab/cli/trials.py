"""Trials of many palettes on one picture, in parallel, with a progress bar."""

import datetime
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ditherlab.cli.options import quiet_option
from ditherlab.cli.progress import CountdownBar
from ditherlab.cli.reporting import (
    JSON_AND_PAGE_FORMS,
    check_report,
    command_line,
    deliver_report,
    report_options,
)
from ditherlab.cli.streams import check_standard_output, write_to_stdout
from ditherlab.errors import RequestError

if TYPE_CHECKING:
    from ditherlab.report import CurveReport, RankingReport

Command = TypeVar("Command", bound=Callable[..., Any])
Task = TypeVar("Task")
Result = TypeVar("Result")


def trial_options(command: Command) -> Command:
    """Add the options that `Trials` holds."""
    for option in (
        quiet_option,
        partial(report_options, forms=JSON_AND_PAGE_FORMS),
        click.option(
            "--jobs",
            type=click.IntRange(min=1),
            metavar="N",
            help="Number of palettes to try at once, each with one thread; 1 starts no other "
            "processes.  [default: one for each core]",
        ),
        click.option(
            "--max-pixels",
            type=int,
            default=1 << 17,
            show_default=True,
            metavar="N",
            help="Try palettes on a copy that is shrunk to at most N pixels.",
        ),
    ):
        command = option(command)
    return command


@dataclass(frozen=True, kw_only=True)
class Trials:
    """The settings of trials and of their output, as given by `trial_options`.

    Attributes:
        max_pixels: The largest number of pixels of the copy on which palettes are tried.
        jobs: The number of palettes tried at once; None for one per core.
        as_json: Whether to write the full report to standard output.
        report: The file of the full report; None for none.
        overwrite: Whether an existing file may be replaced.
        quiet: Whether only errors are printed.
    """

    max_pixels: int
    jobs: int | None
    as_json: bool
    report: str | None
    overwrite: bool
    quiet: bool

    @property
    def draws(self) -> bool:
        """True if the report needs pictures as well as figures."""
        return self.report is not None

    def check(self) -> None:
        """Raise an error before any work is done if the settings are invalid.

        Raises:
            RequestError: If `max_pixels` is below 1, or the report has an unknown extension.
            OutputError: If the report cannot be written.
        """
        if self.as_json:
            check_standard_output()
        check_report(self.report, overwrite=self.overwrite, forms=JSON_AND_PAGE_FORMS)
        if self.max_pixels < 1:
            raise RequestError(
                f"`--max-pixels` must be at least 1, got {self.max_pixels}. Try 131072."
            )

    def run(
        self,
        work: Callable[[Task], Result],
        tasks: Sequence[Task],
        weights: Sequence[float],
    ) -> list[Result]:
        """Run all tasks, the heaviest first, and return the results in the order of the tasks."""
        from ditherlab.experiments import local_pool, num_cores, run_tasks

        order = sorted(range(len(tasks)), key=lambda number: -weights[number])
        num_jobs = min(self.jobs or num_cores(), len(tasks))
        start_s = time.monotonic()
        with ExitStack() as stack:
            executor = stack.enter_context(local_pool(num_jobs)) if num_jobs > 1 else None
            bar = stack.enter_context(CountdownBar(is_hidden=self.quiet))

            def show(num_ended: int) -> None:
                left_s = (time.monotonic() - start_s) / num_ended * (len(tasks) - num_ended)
                bar.show(f"{num_ended} of {len(tasks)} palettes", left_s)

            ended = run_tasks(work, [tasks[number] for number in order], executor, show)
        results = dict(zip(order, ended, strict=True))
        return [results[number] for number in range(len(tasks))]

    def deliver(self, result: "RankingReport | CurveReport", context: click.Context) -> None:
        """Write the result as a document, a page or a table."""
        deliver_report(
            result.document(),
            as_json=self.as_json,
            report=self.report,
            overwrite=self.overwrite,
            page=lambda: result.html(command_line(context), datetime.date.today()),
        )
        if not (self.as_json or self.quiet):
            write_to_stdout(result.table())
