"""The runner of a sweep's cells, with any executor; finished cells are not run again."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import AbstractContextManager
from dataclasses import dataclass

from ditherlab.experiments.cell import Cell, carry_out
from ditherlab.experiments.cell_result import CellResult
from ditherlab.experiments.results_file import ResultsFile

_POLL_INTERVAL_S = 0.1

OpenExecutor = Callable[[], AbstractContextManager[Executor]]
"""Opens an executor, again if one broke. Every `Executor` is such a context manager."""


@dataclass(frozen=True)
class SweepProgress:
    """The progress of a sweep.

    Attributes:
        num_ended: Number of cells that ended since the start.
        num_cells: Number of cells to run.
        cell: A cell that runs or has just ended.
        seconds_left: The estimated time until all cells are done; None before the first has ended.
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
    """Run the cells that have no result yet, and store each result as soon as the cell ends.

    A failing cell does not stop the others. If the executor breaks, for example because a process
    ran out of memory, the cells that were running are run again one by one to find the cause.

    Args:
        cells: All cells of the sweep.
        file: The results file, which is read and extended.
        open_executor: Opens the executor, which runs `carry_out` for each cell.
        num_at_once: The largest number of submitted cells at a time.
        retries_failed: Whether cells that failed before are run again.
        on_progress: Called when a cell starts or ends, and several times a second.
        should_stop: Called several times a second.

    Returns:
        True if all cells have a result now.

    Raises:
        OutputError: If a result cannot be written.
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
    """Return the cells without a result, and with `retries_failed` also the failed ones."""
    results = file.results
    return [
        cell
        for cell in cells
        if cell.key not in results or (retries_failed and results[cell.key].is_failed)
    ]


class _Sweep:
    """The cells that wait, that run, and that may have broken an executor."""

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
        """Run all waiting cells; return early if the executor breaks or `should_stop` is true."""
        try:
            while self.has_work and not self.should_stop():
                self._submit(executor, num_at_once)
                ended, _ = wait(self.running, _POLL_INTERVAL_S, FIRST_COMPLETED)
                for future in ended:
                    self._take(future)
                if not ended:
                    self._report(next(iter(self.running.values())))
        except BrokenExecutor as error:
            self._suspect(error)
        # Cells that still run are abandoned, and wait again.
        self.waiting.extendleft(reversed(self.running.values()))
        self.running.clear()

    def _submit(self, executor: Executor, num_at_once: int) -> None:
        # A suspect runs alone.
        queue, limit = (self.suspects, 1) if self.suspects else (self.waiting, num_at_once)
        while queue and len(self.running) < limit:
            cell = queue.popleft()
            try:
                future = executor.submit(carry_out, cell)
            except BrokenExecutor:
                # A suspect too: a cell that breaks every executor must not be submitted forever.
                self.running[Future()] = cell
                raise
            self.running[future] = cell
            self._report(cell)

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
                    "The process that ran the cell ended, perhaps because memory ran out. Make the "
                    "picture smaller, or run fewer cells at once by --jobs."
                ),
            )
        else:
            self.suspects.extend(suspects)

    def _keep(self, cell: Cell, result: CellResult) -> None:
        self.file.add(result)
        self.num_ended += 1
        self._report(cell)

    def _report(self, cell: Cell) -> None:
        left_s = None
        if self.num_ended:
            gone_s = time.monotonic() - self.start_s
            left_s = gone_s / self.num_ended * (self.num_cells - self.num_ended)
        self.on_progress(SweepProgress(self.num_ended, self.num_cells, cell, left_s))
