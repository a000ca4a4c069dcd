"""Checkpoints of a run: where they are written, and which files may be replaced by one."""

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ditherlab.errors import CheckpointError, OutputError, RequestError
from ditherlab.images import check_writable, path_label

FORMAT = "ditherlab-checkpoint"

# A safetensors file begins with the length of its header, in 8 bytes.
_LENGTH_BYTES = 8
_MOST_HEADER_BYTES = 1 << 26


@dataclass(frozen=True)
class Checkpoint:
    """A file that holds the state of a run, from which an interrupted run goes on.

    The resumed run ends with the same bytes as one that was never interrupted.

    Attributes:
        path: The file to write.
        resume_from: A checkpoint to go on from, usually the same file; None for a new run.
        overwrite: Whether another checkpoint in `path` may be replaced. Any other file never is.
        every_s: Seconds between two checkpoints. One that takes long is written less often. 0
            writes one after every step.

    Raises:
        RequestError: If the time is negative.

    Example:
        >>> Checkpoint("run.safetensors", resume_from="run.safetensors").replaces
        True
    """

    path: str | os.PathLike[str]
    resume_from: str | os.PathLike[str] | None = None
    overwrite: bool = False
    every_s: float = 30.0

    def __post_init__(self) -> None:
        if not self.every_s >= 0:
            raise RequestError(
                f"The time between checkpoints must be at least 0 seconds, got {self.every_s:g}."
            )

    @property
    def replaces(self) -> bool:
        """Return whether an existing checkpoint may be replaced."""
        resumed = self.resume_from
        return self.overwrite or (
            resumed is not None and Path(resumed).resolve() == Path(self.path).resolve()
        )

    def check(self) -> None:
        """Raise an error, before any work is done, if a file cannot be written or read.

        Raises:
            CheckpointError: If a file is no checkpoint.
            OutputError: If the checkpoint cannot be written.
        """
        if self.resume_from is not None:
            read_header(self.resume_from)
        self.check_replaceable()
        check_writable(self.path, overwrite=self.replaces)

    def check_replaceable(self) -> None:
        """Refuse to replace a file that is no checkpoint, or one of another run.

        Raises:
            CheckpointError: If it is no checkpoint.
            OutputError: If it is one that must stay.
        """
        # The target of a link that leads nowhere is new.
        if not os.path.exists(self.path):  # noqa: PTH110
            return
        read_header(self.path)
        if not self.replaces:
            label = path_label(self.path)
            raise OutputError(
                f"{label} holds the checkpoint of a run already. Use `--resume` to go on with it, "
                "or `--overwrite` (`overwrite=True`) to begin again."
            )


def read_header(path: str | os.PathLike[str]) -> Mapping[str, str]:
    """Return the facts in the header of a checkpoint.

    Raises:
        CheckpointError: If the file is no checkpoint, or cannot be read.
    """
    label = path_label(path)
    try:
        # A pipe would be waited for.
        is_regular = stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116
        facts = _read_facts(Path(path)) if is_regular else {}
    except FileNotFoundError:
        raise CheckpointError(
            f"There is no checkpoint {label}. Use `--checkpoint` to write one."
        ) from None
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise CheckpointError(f"{label} cannot be read: {reason}.") from error
    if facts.get("format") != FORMAT:
        raise CheckpointError(
            f"{label} must be a checkpoint of ditherlab, got another file, or a damaged one. Name "
            "another file."
        )
    return facts


def _read_facts(path: Path) -> Mapping[str, Any]:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
        is_possible = length <= min(_MOST_HEADER_BYTES, path.stat().st_size)
        text = file.read(length) if is_possible else b""
    try:
        facts = json.loads(text)["__metadata__"]
    except (ValueError, RecursionError, TypeError, KeyError):
        return {}
    return facts if isinstance(facts, dict) else {}
