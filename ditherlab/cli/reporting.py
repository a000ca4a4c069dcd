"""`--json` and `--report`: the same two options, with the same meaning, in every command."""

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

Command = TypeVar("Command", bound=Callable[..., Any])

JSON_FORM = (".json",)
# What says how a run is told, and not what it does.
_TELLING = ("as_json", "report", "overwrite", "quiet", "verbose")

JSON_AND_PAGE_FORMS = (".json", ".html")


def report_options(command: Command, forms: Sequence[str] = JSON_FORM) -> Command:
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
            help="Write everything about the run into a file; its form by the extension "
            f"({' or '.join(forms)}).",
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


def check_report(report: str | None, *, overwrite: bool, forms: Sequence[str] = JSON_FORM) -> None:
    """Refuse a report that could not be written, before any work is done.

    Raises:
        RequestError: If the extension names no form.
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
    """Write a document to standard output, into a file, or both.

    Args:
        document: Everything, as JSON types.
        as_json: Whether standard output gets it.
        report: A file to write; None for none.
        overwrite: Whether to replace one that exists.
        page: Makes what a file that ends in .html gets; None where there is no such form.
    """
    text = json.dumps(document, allow_nan=False)
    if report is not None:
        forms = JSON_FORM if page is None else JSON_AND_PAGE_FORMS
        check_report(report, overwrite=overwrite, forms=forms)
        is_page = page is not None and Path(report).suffix.lower() == ".html"
        content = page() if page is not None and is_page else f"{text}\n"
        write_atomically(report, content.encode(), overwrite=overwrite)
    if as_json:
        write_to_stdout(text)


def command_line(context: click.Context) -> str:
    """Spell the command that was typed, without what only tells of a run; files by name only."""
    words = ["ditherlab", context.info_name or ""]
    for parameter in context.command.params:
        name, value = parameter.name or "", context.params[parameter.name or ""]
        is_typed = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if not is_typed or name in _TELLING:
            continue
        if isinstance(parameter, click.Option):
            words.append(max(parameter.opts, key=len))
        if value is not True:
            words.append(_without_folder(str(value)))
    return shlex.join(words)


def _without_folder(text: str) -> str:
    if "python:" in text:
        # Imported here: it takes torch, and `--help` does without.
        from ditherlab.objectives import hide_folders

        return hide_folders(text)
    return Path(text).name if Path(text).is_absolute() or Path(text).is_file() else text
