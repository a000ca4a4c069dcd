"""`ditherlab experiment`: rerun published experiments."""

import time
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import click

from ditherlab.cli.options import quiet_option
from ditherlab.cli.progress import CountdownBar, Interruption
from ditherlab.cli.reporting import (
    JSON_AND_PAGE_FORMS,
    check_report,
    command_line,
    deliver_report,
    report_options,
)
from ditherlab.cli.streams import check_standard_output, write_to_stderr, write_to_stdout
from ditherlab.devices import one_thread
from ditherlab.errors import RequestError
from ditherlab.naming import nearest_name

if TYPE_CHECKING:
    from ditherlab.experiments.published import Experiment


@click.command()
@click.argument("name", required=False)
@click.option("--all", "takes_all", is_flag=True, help="Run all experiments, one after the other.")
@click.option(
    "--quick", is_flag=True, help="Use fewer draws and steps: seconds of time, noisier results."
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Random seed; the same seed gives the same findings on the same machine.",
)
@partial(report_options, forms=JSON_AND_PAGE_FORMS)
@quiet_option
@click.pass_context
def experiment(
    context: click.Context,
    /,
    *,
    name: str | None,
    takes_all: bool,
    quick: bool,
    seed: int,
    as_json: bool,
    report: str | None,
    overwrite: bool,
    quiet: bool,
) -> int:
    """Run the published experiment NAME again, and report which of its claims hold.

    Without NAME, list the experiments. The exit code is 1 if a claim does not hold, or if an
    experiment of --all needs a package that is not installed.

    \b
    Example:
      ditherlab experiment
      ditherlab experiment gaussian --quick --report gaussian.html
    """
    if as_json:
        check_standard_output()
    check_report(report, overwrite=overwrite, forms=JSON_AND_PAGE_FORMS)

    from ditherlab.experiments.published import EXPERIMENTS
    from ditherlab.report import ExperimentReport, experiment_page

    if name is None and not takes_all:
        listed = {
            word: {"title": known.title, "source": known.source}
            for word, known in EXPERIMENTS.items()
        }
        deliver_report({"experiments": listed}, as_json=as_json, report=None, overwrite=False)
        if not as_json:
            width = max(map(len, EXPERIMENTS))
            rows = [f"{word:<{width}}  {known.title}" for word, known in EXPERIMENTS.items()]
            write_to_stdout("\n".join(rows))
        return 0
    reports = []
    not_run: dict[str, str] = {}
    command = command_line(context)
    with (
        one_thread(),
        Interruption().listen() as interruption,
        CountdownBar(is_hidden=quiet) as bar,
    ):
        for word, chosen in _chosen(name, EXPERIMENTS, takes_all=takes_all).items():
            progress = _Progress(word, bar, interruption)
            try:
                findings = chosen.run(is_quick=quick, seed=seed, on_progress=progress.show)
            except RequestError as error:
                if not takes_all:
                    raise
                not_run[word] = str(error)
                continue
            reports.append(ExperimentReport(word, chosen, findings, command))
    for message in not_run.values():
        write_to_stderr(f"Not run: {message}")
    deliver_report(
        {"experiments": [result.document() for result in reports], "not_run": not_run},
        as_json=as_json,
        report=report,
        overwrite=overwrite,
        page=lambda: experiment_page(reports),
    )
    if not quiet and not as_json:
        write_to_stdout("\n\n".join(result.text() for result in reports))
    return 1 if not_run or any(result.num_failed for result in reports) else 0


def _chosen(
    name: str | None, known: "Mapping[str, Experiment]", *, takes_all: bool
) -> "Mapping[str, Experiment]":
    if takes_all:
        if name is not None:
            raise RequestError(
                f"`--all` and the name '{name}' exclude each other: give one of the two."
            )
        return known
    if name is None or name not in known:
        raise RequestError(
            f"The experiment must be a known one, got '{name}'. {nearest_name(name or '', known)}"
        )
    return {name: known[name]}


class _Progress:
    """Show the progress of an experiment, and end it on Ctrl-C."""

    def __init__(self, name: str, bar: CountdownBar, interruption: Interruption) -> None:
        self.name, self.bar, self.interruption = name, bar, interruption
        self.start_s = time.monotonic()

    def show(self, what: str, part: float) -> None:
        """Update the bar, and raise KeyboardInterrupt after Ctrl-C."""
        if self.interruption():
            raise KeyboardInterrupt
        gone_s = time.monotonic() - self.start_s
        left_s = gone_s / part - gone_s if part else None
        self.bar.show(f"{self.name}, {what}", left_s)
