"""Pools of worker processes for one function."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable, Sequence
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from ditherlab.black_box.deadline import check_deadline
from ditherlab.black_box.function_source import FunctionSource
from ditherlab.black_box.messages import Costs, Load, Part, PixelTargets, Ready
from ditherlab.black_box.worker_process import (
    POLL_INTERVAL_S,
    WorkerProcess,
    closing_on_error,
    end_processes,
)

if TYPE_CHECKING:
    from ditherlab.black_box.arrays import Masks, Planes


class _Worker(WorkerProcess):
    """One worker process and the part that it prices."""

    def __init__(self, load: Load, targets: PixelTargets) -> None:
        super().__init__(load)
        self._targets = targets
        self.is_free = False
        self.part_number: int | None = None

    def ask(self, number: int, part: Part) -> None:
        """Send a part to the worker to be priced."""
        self.is_free, self.part_number = False, number
        self.send(part)

    def receive_costs(self) -> list[float] | None:
        """Receive one reply; return its costs, or None if it holds none.

        Raises:
            DitherlabError: If the function failed, or the process has ended.
        """
        reply = self.receive()
        if isinstance(reply, Ready):
            self.send(self._targets)
        self.is_free = reply is not None
        return reply.costs if isinstance(reply, Costs) else None


class WorkerPool:
    """A pool of worker processes for one function, at most one for each core.

    The workers start at the first request. After an error, all of them are ended, and the next
    request starts new ones. They also end when the pool is garbage-collected or the program ends.
    """

    def __init__(self, source: FunctionSource, targets: PixelTargets) -> None:
        self.source = source
        self._targets = targets
        self._workers: list[_Worker] = []
        self._end = weakref.finalize(self, _end_all, self._workers)

    @classmethod
    def of(cls, source: FunctionSource, targets: Planes, opaque: Masks) -> "WorkerPool":
        """Make a pool for a function and its targets; no process is started yet."""
        return cls(source, PixelTargets(targets, opaque))

    def price(self, parts: Sequence[Part]) -> list[float]:
        """Price pictures, several parts at a time; the costs are in the order of the pictures.

        Raises:
            ObjectiveError: If the function fails, or its process ends.
            DeadlineError: If the deadline passes first.
        """
        with closing_on_error(self.close):
            while len(self._workers) < min(len(parts), num_cores()):
                self._workers.append(_Worker(Load(self.source), self._targets))
            found = self._collect(parts)
        return [cost for costs in found for cost in costs]

    def close(self) -> None:
        """End all workers."""
        _end_all(self._workers)

    def _collect(self, parts: Sequence[Part]) -> list[list[float]]:
        found: dict[int, list[float]] = {}
        left = iter(enumerate(parts))
        self._distribute(left)
        while len(found) < len(parts):
            check_deadline()
            for worker in self._wait():
                costs = worker.receive_costs()
                if costs is not None and worker.part_number is not None:
                    found[worker.part_number] = costs
            self._distribute(left)
        return [found[number] for number in range(len(parts))]

    def _distribute(self, parts: Iterable[tuple[int, Part]]) -> None:
        for worker in self._workers:
            if worker.is_free:
                number_and_part = next(iter(parts), None)
                if number_and_part is None:
                    return
                worker.ask(*number_and_part)

    def _wait(self) -> list[_Worker]:
        """Wait up to the poll interval; return the workers that have replied or ended."""
        ready = wait([w.connection for w in self._workers], POLL_INTERVAL_S)
        return [w for w in self._workers if w.connection in ready or w.has_ended()]


def num_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _end_all(workers: list[_Worker]) -> None:
    end_processes(workers)
    workers.clear()
