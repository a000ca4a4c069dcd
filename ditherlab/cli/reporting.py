"""The options `--json` and `--report`, which all commands share."""

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from ditherlab.cli.streams import write_to_stdout
from ditherlab.errors import RequestError
from ditherlab.images import check_writable, write_atomically
from ditherlab.naming import without_controls

Command = TypeVar("Command", bound=Callable[..., Any])

JSON_FORM = (".json",)
# Options that affect only the output, not the result.
_OUTPUT_OPTIONS = ("as_json", "report", "overwrite", "quiet", "verbose")

JSON_AND_PAGE_FORMS = (".json", ".html")


def report_options(command: Command, forms: Sequence[str] = JSON_FORM) -> Command:
    """Add `--json`, `--report FILE` and `--overwrite`, which also applies to the report."""
    for option in (
        click.option(
            "--overwrite/--no-overwrite",
            default=False,
            help="Replace existing files.  [default: no-overwrite]",
        ),
        click.option(
            "--report",
            metavar="FILE",
            help="Write a full report of the run to a file; the extension sets its format "
            f"({' or '.join(forms)}).",
        ),
        click.option(
            "--json",
            "as_json",
            is_flag=True,
            help="Write only a full report of the run to standard output, as JSON.",
        ),
    ):
        command = option(command)
    return command


def check_report(report: str | None, *, overwrite: bool, forms: Sequence[str] = JSON_FORM) -> None:
    """Raise an error before any work is done if the report could not be written.

    Raises:
        RequestError: If the extension is unknown.
        OutputError: If the file could not be written.
    """
    if report is None:
        return
    if Path(report).suffix.lower() not in forms:
        raise RequestError(
            f"`--report` must be a file that ends in {' or '.join(forms)}, got '{report}'."
        )
    check_writable(report, overwrite=overwrite)


def deliver_report(
    document: Mapping[str, Any],
    *,
    as_json: bool,
    report: str | None,
    overwrite: bool,
    page: Callable[[], str] | None = None,
) -> None:
    """Write a document to standard output, to a file, or both.

    Args:
        document: The full report, as JSON types.
        as_json: Whether to write the document to standard output.
        report: The file to write; None for none.
        overwrite: Whether to replace an existing file.
        page: Returns the HTML for a file that ends in .html; None if there is no HTML form.
    """
    text = json.dumps(without_controls(document), allow_nan=False)
    if report is not None:
        forms = JSON_FORM if page is None else JSON_AND_PAGE_FORMS
        check_report(report, overwrite=overwrite, forms=forms)
        is_page = page is not None and Path(report).suffix.lower() == ".html"
        content = page() if page is not None and is_page else f"{text}\n"
        write_atomically(report, content.encode(), overwrite=overwrite)
    if as_json:
        write_to_stdout(text)


def command_line(context: click.Context) -> str:
    """Return the command that was typed, without output options and without folders of files."""
    parts = ["ditherlab", context.info_name or ""]
    for parameter in context.command.params:
        name, value = parameter.name or "", context.params[parameter.name or ""]
        is_typed = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if not is_typed or name in _OUTPUT_OPTIONS:
            continue
        if isinstance(parameter, click.Option):
            parts.append(max(parameter.opts, key=len))
        if value is not True:
            parts.append(_without_folder(str(value)))
    return shlex.join(parts)


def _without_folder(text: str) -> str:
    if "python:" in text:
        # Imported here because it loads torch, which `--help` does not need.
        from ditherlab.objectives import hide_folders

        return hide_folders(text)
    return Path(text).name if Path(text).is_absolute() or Path(text).is_file() else text
