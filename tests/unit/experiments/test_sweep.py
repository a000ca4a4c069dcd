"""Cells on executors: each once, in any order, and none stopped by another."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ditherlab.experiments import (
    Cell,
    CellResult,
    ResultsFile,
    SweepProgress,
    local_pool,
    run_sweep,
)

Cells = Callable[..., tuple[Cell, ...]]


class Engine(Executor):
    """Runs a cell when it is handed out; some cells break it, as a process that is killed does."""

    def __init__(self, breakers: set[str] = frozenset(), raisers: set[str] = frozenset()) -> None:
        self.breakers, self.raisers = breakers, raisers
        self.is_broken = False
        self.handed_out: list[str] = []

    def submit(self, function: Any, /, *arguments: Any, **words: Any) -> "Future[Any]":
        if self.is_broken:
            raise BrokenProcessPool("It broke before.")
        (cell,) = arguments
        self.handed_out.append(cell.key)
        future: Future[Any] = Future()
        if cell.key in self.breakers:
            self.is_broken = True
            future.set_exception(BrokenProcessPool("It was killed."))
        elif cell.key in self.raisers:
            future.set_exception(ZeroDivisionError("a  bug"))
        else:
            future.set_result(function(cell))
        return future


@pytest.fixture
def file(tmp_path: Path) -> ResultsFile:
    return ResultsFile.open(tmp_path / "results.jsonl")


def run(cells: tuple[Cell, ...], file: ResultsFile, **words: Any) -> list[str]:
    """Run a sweep on engines; return the keys that were handed out."""
    breakers, raisers = words.pop("breakers", set()), words.pop("raisers", set())
    engines: list[Engine] = []

    @contextmanager
    def start() -> Iterator[Engine]:
        engines.append(Engine(breakers, raisers))
        yield engines[-1]

    run_sweep(cells, file, start, **{"num_at_once": 2, **words})
    return [key for engine in engines for key in engine.handed_out]


def comparable(file: ResultsFile) -> dict[str, CellResult]:
    """Return the results without what depends on the clock."""
    return {
        key: replace(result, seconds=0.0, curve={"cost": result.curve["expected_cost"][-1:]})
        for key, result in file.results.items()
    }


def test_a_finished_cell_is_never_run_again(cells: Cells, file: ResultsFile) -> None:
    few, all_of_them = cells(seeds="[0, 1]"), cells(seeds="[0, 1, 2, 3]")
    assert run(few, file) == [cell.key for cell in few]
    kept = dict(file.results)
    again = ResultsFile.open(file.path)
    assert run(all_of_them, again) == [cell.key for cell in all_of_them[2:]]
    assert {key: again.results[key] for key in kept} == kept
    assert run(all_of_them, again) == []


def test_the_order_and_the_executor_change_no_result(
    cells: Cells, file: ResultsFile, tmp_path: Path
) -> None:
    asked = cells(seeds="[0, 1, 2]", palettes=None, colors="[2, 3]")
    run(asked, file)
    other = ResultsFile.open(tmp_path / "other.jsonl")
    assert run_sweep(asked[::-1], other, lambda: ThreadPoolExecutor(3), num_at_once=3)
    assert comparable(other) == comparable(file)
    assert len(other.results) == len(asked)


def test_processes_give_the_same_results(cells: Cells, file: ResultsFile, tmp_path: Path) -> None:
    asked = cells(seeds="[0, 1, 2]")
    run(asked, file)
    other = ResultsFile.open(tmp_path / "other.jsonl")
    assert run_sweep(asked, other, lambda: local_pool(1), num_at_once=1)
    assert comparable(other) == comparable(file)


def test_a_cell_that_fails_stops_no_other(cells: Cells, file: ResultsFile) -> None:
    asked = cells(estimators='["arm", "moments", "st"]', palettes=None, colors="3")
    run(asked, file)
    failed = [file.results[cell.key].is_failed for cell in asked]
    assert failed == [True, False, False]
    error = file.results[asked[0].key].error
    assert error is not None and "`arm" in error and "needs a palette of 2 colors" in error


def test_failed_cells_are_run_again_only_when_asked(cells: Cells, file: ResultsFile) -> None:
    asked = cells(seeds="[0, 1, 2]")
    bug = asked[1].key
    run(asked, file, raisers={bug})
    assert file.results[bug].error == "ZeroDivisionError: a bug"
    assert run(asked, file) == []
    assert run(asked, file, retries_failed=True) == [bug]
    assert not ResultsFile.open(file.path).results[bug].is_failed


def test_the_cell_that_kills_its_process_is_found(cells: Cells, file: ResultsFile) -> None:
    asked = cells(seeds="[0, 1, 2, 3, 4]")
    killer = asked[2].key
    run(asked, file, breakers={killer}, num_at_once=3)
    assert [cell.key for cell in asked if file.results[cell.key].is_failed] == [killer]
    error = file.results[killer].error
    assert error is not None and error.startswith(
        "The process that ran the cell ended, perhaps because"
    )


def test_an_executor_that_never_works_comes_to_an_end(cells: Cells, file: ResultsFile) -> None:
    asked = cells(seeds="[0, 1, 2]")

    class Broken(Engine):
        def submit(self, function: Any, /, *arguments: Any, **words: Any) -> "Future[Any]":
            raise BrokenProcessPool("It cannot start.")

    assert run_sweep(asked, file, Broken, num_at_once=2)
    assert all(file.results[cell.key].is_failed for cell in asked)


def test_what_is_not_finished_at_the_end_is_not_kept(cells: Cells, file: ResultsFile) -> None:
    asked = cells(seeds="[0, 1, 2, 3]")
    stop = lambda: len(file.results) >= 2  # noqa: E731
    assert not run_sweep(asked, file, Engine, num_at_once=1, should_stop=stop)
    assert list(file.results) == [cell.key for cell in asked[:2]]
    assert run_sweep(asked, file, Engine, num_at_once=1)
    assert len(file.results) == 4


def test_progress_counts_what_there_was_to_run(cells: Cells, file: ResultsFile) -> None:
    asked = cells(seeds="[0, 1, 2]")
    run(asked[:1], file)
    told: list[SweepProgress] = []
    run(asked, file, on_progress=told.append, num_at_once=1)
    assert [(progress.num_ended, progress.num_cells) for progress in told] == [
        (0, 2), (1, 2), (1, 2), (2, 2),
    ]  # fmt: skip
    assert told[0].seconds_left is None
    assert told[-1].seconds_left == 0
