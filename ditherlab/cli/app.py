"""The program `ditherlab`: its commands, and the conversion of errors into messages."""

import gc
import os
import sys
from collections.abc import Sequence

import click

from ditherlab import version
from ditherlab.cli.exit_codes import INTERRUPTED
from ditherlab.cli.lazy_group import CommandHome, LazyGroup
from ditherlab.cli.progress import SecondInterrupt
from ditherlab.cli.streams import stdout_error, write_to_stderr, write_to_stdout
from ditherlab.errors import DitherlabError
from ditherlab.images import path_label, printable
from ditherlab.naming import abbreviate, one_line

_NUM_COLLECTIONS_BEFORE_A_FULL_ONE = 1000

_NO_MEMORY = "There is not enough memory. Make the picture smaller."

_HOMES = {
    "compare": CommandHome(
        "compare:compare",
        "Compare gradient estimators on the picture SOURCE (- for standard input).",
    ),
    "experiment": CommandHome(
        "experiment:experiment",
        "Run the published experiment NAME again, and report which of its claims hold.",
    ),
    "optimize": CommandHome(
        "optimize:optimize",
        "Reduce the picture SOURCE (- for standard input) to few colors.",
    ),
    "palette": CommandHome(
        "palette:palette",
        "Show, convert, find and join palettes.",
    ),
    "sweep": CommandHome(
        "sweep:sweep",
        "Run every cell of the sweep that the TOML file FILE describes.",
    ),
}


def _print_version(context: click.Context, _option: click.Parameter, is_asked: bool) -> None:
    """Print the version; not eager, so that `-v` is known."""
    if not is_asked or context.resilient_parsing:
        return
    write_to_stdout(f"ditherlab, version {version.__version__}")
    if context.params.get("verbose"):
        from ditherlab.kernels import describe_kernels

        write_to_stdout(describe_kernels())
    context.exit()


@click.group(
    cls=LazyGroup,
    homes=_HOMES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    is_eager=True,
    help="With --version, tell whether the kernels are compiled.",
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
def app(verbose: bool) -> None:
    """Reduce pictures to few colors by differentiable dithering.

    \b
    Example:
      ditherlab optimize photo.jpg --palette pico-8
    """
    if verbose:
        raise click.UsageError("`-v` must stand beside `--version`, or after a command.")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program and exit with 0, 1 after a failure, 2 for wrong usage or 130 after Ctrl-C."""
    # Torch's threads synchronize many times a step. On a busy machine they would spin while they
    # wait and slow each other down. The variable must be set before torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # A full collection scans everything that torch has loaded. That takes 0.1 s and frees nothing.
    # Young objects are collected as often as before.
    gc.set_threshold(*gc.get_threshold()[:2], _NUM_COLLECTIONS_BEFORE_A_FULL_ONE)
    sys.exit(_run(arguments))


def _run(arguments: Sequence[str] | None) -> int:  # noqa: PLR0911 - one return per kind of error
    try:
        result = app.main(args=arguments, standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        write_to_stderr(error.format_message())
        return error.exit_code
    except click.ClickException as error:
        return _fail(error.format_message(), error.exit_code)
    except DitherlabError as error:
        return _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, SecondInterrupt, click.Abort):
        return _fail("Interrupted; nothing was written.", INTERRUPTED)
    except MemoryError:
        return _fail(_NO_MEMORY, 1)
    except RuntimeError as error:
        # Torch has no class of its own for memory that it cannot get on a CPU.
        if "memory" not in str(error):
            raise
        return _fail(_NO_MEMORY, 1)
    except OSError as error:
        if error.filename is not None:
            return _fail(f"{path_label(error.filename)}: {error.strerror}.", 1)
        return _fail(str(stdout_error(error)), 1)
    return result if isinstance(result, int) else 0


def _fail(message: str, exit_code: int) -> int:
    write_to_stderr(f"Error: {printable(abbreviate(one_line(message)))}")
    return exit_code
