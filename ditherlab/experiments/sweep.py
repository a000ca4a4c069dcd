"""The cells of a sweep, run by any executor; what has ended is never run again."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass

from ditherlab.experiments.cell import Cell, carry_out
from ditherlab.experiments.cell_result import CellResult
from ditherlab.experiments.results_file import ResultsFile

_SECONDS_BETWEEN_QUESTIONS = 0.1

OpenExecutor = Callable[[], AbstractContextManager[Executor]]
"""Starts what runs cells; called again where it broke. Any `Executor` is such a context manager."""


@dataclass(frozen=True)
class SweepProgress:
    """Where a sweep is.

    Attributes:
        num_ended: Cells that ended since the start.
        num_cells: Cells that there were to run.
        cell: One that runs or has just ended.
        seconds_left: Until all is done, as far as can be told; None before the first has ended.
    """

    num_ended: int
    num_cells: int
    cell: Cell
    seconds_left: float | None


def run_sweep(
    cells: Sequence[Cell],
    file: ResultsFile,
    open_executor: OpenExecutor,
    *,
    num_at_once: int,
    retries_failed: bool = False,
    on_progress: Callable[[SweepProgress], None] = lambda _progress: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> bool:
    """Run the cells that have no result yet, and keep what each comes to as soon as it ends.

    A cell that fails stops no other. Where the executor breaks, as it does if a process is killed
    for want of memory, the cells that ran are tried again one by one, to tell which it was.

    Args:
        cells: All of the sweep.
        file: Holds results and takes new ones.
        open_executor: Its executor is given `carry_out` and a cell; it is entered and left here.
        num_at_once: Cells to hand out at most before one of them has ended.
        retries_failed: Whether cells that failed before are run again.
        on_progress: Called when a cell starts or ends, and several times a second.
        should_stop: Asked several times a second.

    Returns:
        Whether all cells have a result now.

    Raises:
        OutputError: If a result cannot be kept.
    """
    todo = cells_to_run(cells, file, retries_failed=retries_failed)
    sweep = _Sweep(todo, file, on_progress, should_stop)
    while sweep.has_work and not should_stop():
        with open_executor() as executor:
            sweep.run_until_broken(executor, num_at_once)
    return not sweep.has_work


def cells_to_run(
    cells: Sequence[Cell], file: ResultsFile, *, retries_failed: bool = False
) -> list[Cell]:
    """Return the cells without a result, and those that failed if they are to be tried again."""
    results = file.results
    return [
        cell
        for cell in cells
        if cell.key not in results or (retries_failed and results[cell.key].is_failed)
    ]


class _Sweep:
    """The cells that wait, run and are under suspicion to have broken an executor."""

    def __init__(
        self,
        cells: Sequence[Cell],
        file: ResultsFile,
        on_progress: Callable[[SweepProgress], None],
        should_stop: Callable[[], bool],
    ) -> None:
        self.file = file
        self.on_progress = on_progress
        self.should_stop = should_stop
        self.waiting = deque(cells)
        self.suspects: deque[Cell] = deque()
        self.running: dict[Future[CellResult | None], Cell] = {}
        self.num_cells = len(cells)
        self.num_ended = 0
        self.start_s = time.monotonic()

    @property
    def has_work(self) -> bool:
        return bool(self.waiting or self.suspects or self.running)

    def run_until_broken(self, executor: Executor, num_at_once: int) -> None:
        """Run all that waits; return early if the executor broke, or if it is to stop."""
        try:
            while self.has_work and not self.should_stop():
                self._hand_out(executor, num_at_once)
                ended, _ = wait(self.running, _SECONDS_BETWEEN_QUESTIONS, FIRST_COMPLETED)
                for future in ended:
                    self._take(future)
                if not ended:
                    self._tell(next(iter(self.running.values())))
        except BrokenExecutor as error:
            self._suspect(error)
        # Those that still run are given up.
        self.waiting.extendleft(reversed(self.running.values()))
        self.running.clear()

    def _hand_out(self, executor: Executor, num_at_once: int) -> None:
        # A suspect runs alone.
        queue, limit = (self.suspects, 1) if self.suspects else (self.waiting, num_at_once)
        while queue and len(self.running) < limit:
            cell = queue.popleft()
            try:
                future = executor.submit(carry_out, cell)
            except BrokenExecutor:
                # Under suspicion as well: one that can never be handed out must not be for ever.
                self.running[Future()] = cell
                raise
            self.running[future] = cell
            self._tell(cell)

    def _take(self, future: "Future[CellResult | None]") -> None:
        error = future.exception()
        if isinstance(error, BrokenExecutor):
            raise error
        cell = self.running.pop(future)
        if error is not None:
            reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
            self._keep(cell, cell.failure(reason))
            return
        result = future.result()
        if result is None:
            self.waiting.appendleft(cell)
        else:
            self._keep(cell, result)

    def _suspect(self, error: BrokenExecutor) -> None:
        suspects = [*self.running.values()]
        self.running.clear()
        if len(suspects) == 1:
            self._keep(
                suspects[0],
                suspects[0].failure(
                    "The process that ran it ended, as one does that is killed for want of memory. "
                    "Make the picture smaller, or run fewer cells at once by --jobs."
                ),
            )
        else:
            self.suspects.extend(suspects)

    def _keep(self, cell: Cell, result: CellResult) -> None:
        self.file.add(result)
        self.num_ended += 1
        self._tell(cell)

    def _tell(self, cell: Cell) -> None:
        left_s = None
        if self.num_ended:
            gone_s = time.monotonic() - self.start_s
            left_s = gone_s / self.num_ended * (self.num_cells - self.num_ended)
        self.on_progress(SweepProgress(self.num_ended, self.num_cells, cell, left_s))
