"""`--json` and `--report`: the same two options, with the same meaning, in every command."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from ditherlab.cli.streams import write_to_stdout
from ditherlab.errors import RequestError
from ditherlab.images import check_writable, write_atomically

Command = TypeVar("Command", bound=Callable[..., Any])

_FORMS = (".json",)


def report_options(command: Command) -> Command:
    """Add `--json`, `--report FILE` and `--overwrite`, which covers the report too."""
    for option in (
        click.option(
            "--overwrite/--no-overwrite",
            default=False,
            help="Replace files that exist.  [default: no-overwrite]",
        ),
        click.option(
            "--report",
            metavar="FILE",
            help="Write everything about the run into a file; its form by the extension (.json).",
        ),
        click.option(
            "--json",
            "as_json",
            is_flag=True,
            help="Write everything about the run to standard output, as JSON, and nothing else.",
        ),
    ):
        command = option(command)
    return command


def check_report(report: str | None, *, overwrite: bool) -> None:
    """Refuse a report that could not be written, before any work is done.

    Raises:
        RequestError: If the extension names no form.
        OutputError: If the file could not be written.
    """
    if report is None:
        return
    if Path(report).suffix.lower() not in _FORMS:
        raise RequestError(
            f"`--report` must be a file that ends in {' or '.join(_FORMS)}, got '{report}'."
        )
    check_writable(report, overwrite=overwrite)


def deliver_report(
    document: Mapping[str, Any], *, as_json: bool, report: str | None, overwrite: bool
) -> None:
    """Write a document to standard output, into a file, or both."""
    text = json.dumps(document, allow_nan=False)
    if report is not None:
        check_report(report, overwrite=overwrite)
        write_atomically(report, f"{text}\n".encode(), overwrite=overwrite)
    if as_json:
        write_to_stdout(text)
