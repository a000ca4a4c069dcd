"""`ditherlab sweep`: many runs, described by a TOML file."""

import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ditherlab.cli.exit_codes import INTERRUPTED
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
from ditherlab.errors import RequestError
from ditherlab.images import path_label

if TYPE_CHECKING:
    from ditherlab.experiments import CellResult, SweepProgress
    from ditherlab.report import SweepReport

_NUM_KEY_DIGITS = 12


@click.command()
@click.argument("file")
@click.option(
    "--results",
    metavar="FILE",
    help="The JSON Lines file that stores the results.  [default: NAME-results.jsonl]",
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Number of cells to run at once, each with one thread.  [default: one for each core]",
)
@click.option(
    "--max-cells",
    type=click.IntRange(min=1),
    default=10_000,
    show_default=True,
    metavar="N",
    help="Refuse a sweep of more than N cells.",
)
@click.option("--retry-failed", is_flag=True, help="Run the cells again that failed before.")
@click.option("--dry-run", is_flag=True, help="List the cells and their states, and run none.")
@partial(report_options, forms=JSON_AND_PAGE_FORMS)
@quiet_option
@click.pass_context
def sweep(context: click.Context, /, **options: Any) -> int:
    """Run every cell of the sweep that the TOML file FILE describes.

    The keys of FILE are options of `optimize`, each with a value or a list. The cells are the
    product of all lists. A cell that has a result is not run again, so the same command resumes an
    interrupted sweep.

    \b
    Example:
      ditherlab sweep sweep.toml --dry-run
      ditherlab sweep sweep.toml --report sweep.html
    """
    as_json, report, overwrite = options["as_json"], options["report"], options["overwrite"]
    is_quiet, retries = options["quiet"], options["retry_failed"]
    if as_json:
        check_standard_output()
    path = Path(options["file"])
    results = Path(options["results"] or f"{path.stem}-results.jsonl")
    check_report(report, overwrite=overwrite, forms=JSON_AND_PAGE_FORMS)
    _check_apart(path, results, report)

    from ditherlab.experiments import (
        ResultsFile,
        SweepSummary,
        cells_to_run,
        local_pool,
        num_cores,
        read_sweep,
        run_sweep,
    )
    from ditherlab.report import SweepPage, SweepReport

    cells, file = read_sweep(path, options["max_cells"]), ResultsFile.open(results)
    if not is_quiet:
        for note in file.notes:
            write_to_stderr(note)
    if options["dry_run"]:
        _list_cells(SweepReport(path.name, cells, file), as_json=as_json)
        return 0
    todo = cells_to_run(cells, file, retries_failed=retries)
    names = SweepSummary.of(cells, {})
    num_jobs = max(1, min(options["jobs"] or num_cores(), len(todo)))
    with (
        Interruption().listen() as interruption,
        CountdownBar(is_hidden=is_quiet) as bar,
    ):
        is_complete = run_sweep(
            cells,
            file,
            lambda: local_pool(num_jobs),
            num_at_once=num_jobs,
            retries_failed=retries,
            on_progress=lambda progress: _show(bar, progress, names.label(progress.cell)),
            should_stop=interruption,
        )
    result = SweepReport(path.name, cells, file, num_kept=len(cells) - len(todo))
    deliver_report(
        result.document(),
        as_json=as_json,
        # The same command resumes the sweep: the report file must not exist then.
        report=report if is_complete else None,
        overwrite=overwrite,
        page=lambda: SweepPage(result, command_line(context), datetime.date.today()).html(),
    )
    if not is_quiet:
        _print_table(result.table(), as_json=as_json)
        for failure in result.failures:
            write_to_stderr(f"Failed: {failure}")
    if not is_complete:
        write_to_stderr(
            f"Interrupted: {result.num_ended} of {len(cells)} cells have ended, and their results "
            f"are in {path_label(results)}. Run the same command to resume."
        )
        return INTERRUPTED
    return 1 if result.num_failed else 0


def _check_apart(path: Path, results: Path, report: str | None) -> None:
    """Raise an error if two of the files are the same."""
    if results.resolve() == path.resolve():
        raise RequestError(f"`--results` must be another file than the sweep, got {results} twice.")
    if report is not None and Path(report).resolve() in (path.resolve(), results.resolve()):
        raise RequestError(
            f"`--report` must be another file than the sweep and `--results`, got "
            f"{path_label(report)} twice."
        )


def _list_cells(report: "SweepReport", *, as_json: bool) -> None:
    states = {cell.key: _state(report.file.results.get(cell.key)) for cell in report.cells}
    if as_json:
        listed = [
            {"key": cell.key, "state": states[cell.key], "settings": dict(cell.settings)}
            for cell in report.cells
        ]
        deliver_report({"cells": listed}, as_json=True, report=None, overwrite=False)
        return
    write_to_stdout(
        "\n".join(
            f"{cell.key[:_NUM_KEY_DIGITS]}  {states[cell.key]:8}  {report.summary.label(cell)}"
            for cell in report.cells
        )
    )


def _state(result: "CellResult | None") -> str:
    if result is None:
        return "new"
    return "failed" if result.is_failed else "finished"


def _show(bar: CountdownBar, progress: "SweepProgress", label: str) -> None:
    number = min(progress.num_ended + 1, progress.num_cells)
    bar.show(f"cell {number}/{progress.num_cells}: {label}", progress.seconds_left)


def _print_table(table: str, *, as_json: bool) -> None:
    if as_json:
        write_to_stderr(table)
    else:
        write_to_stdout(table)
