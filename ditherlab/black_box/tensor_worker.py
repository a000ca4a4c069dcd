"""The worker process of a function that torch differentiates."""

from __future__ import annotations

import weakref

from ditherlab.black_box.function_source import FunctionSource
from ditherlab.black_box.messages import Load, TensorCosts, Tensors, TensorTargets
from ditherlab.black_box.worker_process import WorkerProcess, closing_on_error, end_processes


class TensorWorker:
    """One process that prices pictures and differentiates their costs.

    It starts at the first request. After an error it is ended, and the next request starts a new
    one. It also ends when this object is garbage-collected or the program ends.

    Args:
        source: The function.
        targets: The target pictures.
        num_threads: The number of threads that it computes with.
    """

    def __init__(self, source: FunctionSource, targets: TensorTargets, num_threads: int) -> None:
        self._load, self._targets = Load(source), targets
        self._num_threads = num_threads
        self._worker: list[WorkerProcess] = []
        self._end = weakref.finalize(self, _end_all, self._worker)

    def price(self, request: Tensors) -> TensorCosts:
        """Price pictures.

        Raises:
            ObjectiveError: If the function fails, or its process ends.
            DeadlineError: If the deadline passes first.
        """
        with closing_on_error(self.close):
            if not self._worker:
                self._worker.append(WorkerProcess(self._load, self._num_threads))
                self._worker[0].wait_for_reply()
                self._worker[0].send(self._targets)
            self._worker[0].send(request)
            reply = self._worker[0].wait_for_reply()
        if not isinstance(reply, TensorCosts):
            raise TypeError(f"The reply must be costs, got {reply!r}.")
        return reply

    def close(self) -> None:
        """End the process."""
        _end_all(self._worker)


def _end_all(workers: list[WorkerProcess]) -> None:
    end_processes(workers)
    workers.clear()
