"""From the options about checkpoints to a `Checkpoint`."""

import os
from typing import TypeAlias

from ditherlab.errors import RequestError
from ditherlab.solver.checkpoint import Checkpoint

Path: TypeAlias = str | os.PathLike[str]

_EVERY_S = 30.0


def as_checkpoint(
    checkpoint: Checkpoint | Path | None,
    resume: Path | None,
    checkpoint_every: float | None,
    *,
    overwrite: bool,
) -> Checkpoint | None:
    """Return the checkpoint that the options ask for; None for none.

    Args:
        checkpoint: The file to write, or everything.
        resume: The file to go on from.
        checkpoint_every: Seconds between two checkpoints; None for 30.
        overwrite: Whether a checkpoint of another run may be replaced.

    Raises:
        RequestError: If the options exclude one another.
    """
    if isinstance(checkpoint, Checkpoint):
        if resume is not None or checkpoint_every is not None:
            other = "--checkpoint-every" if resume is None else "--resume"
            raise RequestError(
                f"`--checkpoint` is a `Checkpoint`, which says what `{other}` does: give one of "
                "the two."
            )
        return checkpoint
    path = resume if checkpoint is None else checkpoint
    if path is None:
        if checkpoint_every is not None:
            raise RequestError(
                "`--checkpoint-every` needs a file to write: give `--checkpoint` too."
            )
        return None
    every_s = _EVERY_S if checkpoint_every is None else checkpoint_every
    return Checkpoint(path, resume_from=resume, overwrite=overwrite, every_s=every_s)
