"""The options `--json` and `--report`, which all commands share."""

import json
import os
import shlex
import string
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from ditherlab.cli.streams import STANDARD_STREAM, check_standard_output, write_to_stdout
from ditherlab.errors import RequestError
from ditherlab.images import check_writable, write_atomically
from ditherlab.naming import escape_controls, hide_folders, without_controls

Command = TypeVar("Command", bound=Callable[..., Any])

JSON_FORM = (".json",)
# Options that affect only the output, not the result.
_OUTPUT_OPTIONS = ("as_json", "report", "overwrite", "quiet", "verbose")

# Characters that stand for themselves between $' and '.
_PLAIN = frozenset(string.printable[:95]) - frozenset("\\'")

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


def check_stdout_is_free(output: str | None) -> None:
    """Raise an error before any work is done if standard output cannot take the report.

    Args:
        output: The value of `--output`, the file of a picture.

    Raises:
        RequestError: If the picture goes there.
        OutputError: If it is closed.
    """
    if output == STANDARD_STREAM:
        raise RequestError(
            "`--json` and `-o -` both need standard output. Write one of them into a file: "
            "`--report run.json` or `-o picture.png`."
        )
    check_standard_output()


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
    """Return the command that was typed, without output options and without folders of files.

    Typed into a shell in the folder of the files, it gives the same result.
    """
    options, arguments = [], []
    for parameter in context.command.params:
        name = parameter.name or ""
        is_typed = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if not is_typed or name in _OUTPUT_OPTIONS:
            continue
        value = context.params[name]
        values = value if isinstance(value, tuple) else (value,)
        if isinstance(parameter, click.Option):
            for one in values:
                options += _spell_option(parameter, one)
        else:
            arguments += [_spell_argument(_without_folder(str(one))) for one in values]
    return " ".join(map(_quote, [*_command_names(context), *arguments, *options]))


def _command_names(context: click.Context) -> list[str]:
    """Return the name of the program, the group and the command."""
    names = []
    while context.parent is not None:
        names.append(context.info_name or "")
        context = context.parent
    return ["ditherlab", *reversed(names)]


def _spell_argument(text: str) -> str:
    return f"./{text}" if text.startswith("-") and text != STANDARD_STREAM else text


def _spell_option(option: click.Option, value: object) -> list[str]:
    name = max(option.opts, key=len)
    if option.is_flag:
        is_on = value is True or not option.secondary_opts
        return [name if is_on else max(option.secondary_opts, key=len)]
    return [name, _without_folder(str(value))]


def _without_folder(text: str) -> str:
    if "python:" in text:
        return hide_folders(text)
    if Path(text).is_absolute() or _is_file(text):
        return Path(text).name
    # A list of palettes may hold files.
    return ",".join(map(_without_folder, text.split(","))) if "," in text else text


def _is_file(text: str) -> bool:
    # A list of colors may be longer than any file name.
    with suppress(OSError, ValueError):
        return Path(text).is_file()
    return False


def _quote(word: str) -> str:
    """Quote a word for a shell; one that holds controls or bytes that are no text, for Bash."""
    if word == escape_controls(word) and "\n" not in word:
        return shlex.quote(word)
    spelled = "".join(
        chr(byte) if chr(byte) in _PLAIN else f"\\x{byte:02x}" for byte in os.fsencode(word)
    )
    return f"$'{spelled}'"
