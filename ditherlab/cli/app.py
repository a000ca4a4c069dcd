"""The program `ditherlab`: its commands, and the one place where errors become messages."""

import os
import sys
from collections.abc import Sequence

import click

import ditherlab
from ditherlab.cli.optimize import optimize
from ditherlab.cli.palette import palette
from ditherlab.errors import DitherlabError

_INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(ditherlab.__version__, prog_name="ditherlab")
def app() -> None:
    """Reduce pictures to few colors by differentiable dithering.

    \b
    Example:
      ditherlab optimize photo.jpg --palette pico-8
    """


app.add_command(optimize)
app.add_command(palette)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and exit: 0, 1 for "could not", 2 for wrong usage, 130 for interrupted."""
    sys.exit(_run(arguments))


def _run(arguments: Sequence[str] | None) -> int:  # noqa: PLR0911 - a line for each end
    try:
        result = app.main(args=arguments, standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return error.exit_code
    except click.ClickException as error:
        return _fail(error.format_message(), error.exit_code)
    except DitherlabError as error:
        return _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        return _fail("Interrupted; nothing was written.", _INTERRUPTED)
    except BrokenPipeError:
        # What is left in the buffer can go nowhere; without this, Python would try at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _fail("Standard output was closed before everything was written.", 1)
    except OSError as error:
        return _fail(f"{error.strerror or error}.", 1)
    return result if isinstance(result, int) else 0


def _fail(message: str, exit_code: int) -> int:
    click.echo(f"Error: {' '.join(message.split())}", err=True)
    return exit_code
