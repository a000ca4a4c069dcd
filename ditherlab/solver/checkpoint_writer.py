"""The checkpoints of a run: when they are due, and what happens if one cannot be written."""

from collections.abc import Callable

from ditherlab.errors import CheckpointError, OutputError
from ditherlab.images import write_atomically
from ditherlab.solver.checkpoint import Checkpoint
from ditherlab.solver.checkpoint_file import RunFacts, encode_run
from ditherlab.solver.saved_run import SavedRun

# A checkpoint that takes long may take a twentieth of the time.
_RUNNING_TO_WRITING = 20


class CheckpointWriter:
    """Writes the checkpoints of one run; a failure is noted once, and the run goes on.

    Args:
        checkpoint: The file.
        facts: Of the run.
        note: Gets a sentence if a checkpoint cannot be written.

    Attributes:
        is_closed: Whether no more checkpoints are to be written.
    """

    def __init__(
        self, checkpoint: Checkpoint, facts: RunFacts, note: Callable[[str], None]
    ) -> None:
        self.checkpoint, self.facts, self.note = checkpoint, facts, note
        self.is_closed = False
        self._has_written = self._has_failed = False
        self._next_s = 0.0

    def is_due(self, now_s: float) -> bool:
        """Return whether it is time for the next checkpoint."""
        return now_s >= self._next_s

    def write(self, run: Callable[[], SavedRun | None], seconds: Callable[[], float]) -> None:
        """Write a checkpoint, unless the run cannot go on from here.

        Args:
            run: Returns the state of the run, or None.
            seconds: Returns the seconds that the run has taken.
        """
        begin_s = seconds()
        saved = run()
        if saved is None:
            return
        try:
            self._write(encode_run(saved, self.facts))
        except (OutputError, CheckpointError, MemoryError) as error:
            self._report(error)
        now_s, every_s = seconds(), self.checkpoint.every_s
        pause_s = _RUNNING_TO_WRITING * (now_s - begin_s) if every_s else 0.0
        self._next_s = now_s + max(every_s, pause_s)

    def _write(self, data: bytes) -> None:
        if not self._has_written:
            self.checkpoint.check_replaceable()
        replaces = self._has_written or self.checkpoint.replaces
        write_atomically(self.checkpoint.path, data, overwrite=replaces)
        self._has_written = True

    def _report(self, error: Exception) -> None:
        if self._has_failed:
            return
        self._has_failed = True
        reason = str(error) or "There is not enough memory."
        self.note(f"The run goes on without a checkpoint: {reason}")
