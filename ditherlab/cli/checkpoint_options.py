"""The options of a run that can be interrupted and resumed."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from ditherlab.cli.streams import STANDARD_STREAM
from ditherlab.errors import RequestError
from ditherlab.images import path_label
from ditherlab.request.checkpoints import as_checkpoint
from ditherlab.solver.checkpoint import Checkpoint

Command = TypeVar("Command", bound=Callable[..., Any])


def checkpoint_options(command: Command) -> Command:
    """Add `--checkpoint`, `--checkpoint-every` and `--resume`."""
    for option in (
        click.option(
            "--resume",
            metavar="FILE",
            help="Go on with the interrupted run of a checkpoint, and keep the file up to date. "
            "Needs the picture and the options that the run began with.",
        ),
        click.option(
            "--checkpoint-every",
            type=float,
            metavar="S",
            help="Seconds between two checkpoints.  [default: 30]",
        ),
        click.option(
            "--checkpoint",
            metavar="FILE",
            help="Write the state of the run to a file now and then, so that --resume can go on "
            "with it after a crash. Without --overwrite, the file must be new.",
        ),
    ):
        command = option(command)
    return command


def read_checkpoint(
    options: Mapping[str, Any], outputs: Iterable[Path | None]
) -> Checkpoint | None:
    """Return the checkpoint that the options ask for, after checking its files.

    Args:
        options: Of the command.
        outputs: Other files that the command writes; None for one that it does not.

    Raises:
        RequestError: If the options exclude one another, or name an output.
        CheckpointError: If a file is no checkpoint.
        OutputError: If the checkpoint cannot be written.
    """
    written, resumed, every_s = (
        options[name] for name in ("checkpoint", "resume", "checkpoint_every")
    )
    checkpoint = as_checkpoint(written, resumed, every_s, overwrite=options["overwrite"])
    if checkpoint is None:
        return None
    for option, value in (("--checkpoint", written), ("--resume", resumed)):
        if value == STANDARD_STREAM:
            raise RequestError(f"`{option}` must be a file, got a standard stream. Name a file.")
    if Path(checkpoint.path).resolve() in [
        output.resolve() for output in outputs if output is not None
    ]:
        raise RequestError(
            "The checkpoint must be another file than `--output`, `--packed` and `--report`, got "
            f"{path_label(checkpoint.path)} twice."
        )
    checkpoint.check()
    return checkpoint
