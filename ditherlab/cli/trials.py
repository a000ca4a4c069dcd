"""Many palettes tried on one picture: several at once, with a word on how far it is."""

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
            help="Palettes to try at once, each with one thread; 1 tries them in this process.  "
            "[default: one for each core]",
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
    """How palettes are tried, and how that is told: the words of `trial_options`.

    Attributes:
        max_pixels: The most that the copy has on which they are tried.
        jobs: How many at once; None for one on each core.
        as_json: Whether standard output gets everything.
        report: A file that gets everything; None for none.
        overwrite: Whether one that exists may be replaced.
        quiet: Whether nothing else is said.
    """

    max_pixels: int
    jobs: int | None
    as_json: bool
    report: str | None
    overwrite: bool
    quiet: bool

    @property
    def draws(self) -> bool:
        """Say whether pictures are wanted, and not only figures."""
        return self.report is not None

    def check(self) -> None:
        """Refuse what could not be done or told in the end, before any work is done.

        Raises:
            RequestError: If nothing would be left of the picture, or the report has no form.
            OutputError: If the report could not be written.
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
        """Do all tasks, those of most weight first, and return what they come to in their order."""
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

    def deliver(self, told: "RankingReport | CurveReport", context: click.Context) -> None:
        """Tell what came of it: a document, a page, a table."""
        deliver_report(
            told.document(),
            as_json=self.as_json,
            report=self.report,
            overwrite=self.overwrite,
            page=lambda: told.html(command_line(context), datetime.date.today()),
        )
        if not (self.as_json or self.quiet):
            write_to_stdout(told.table())
