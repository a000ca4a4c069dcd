"""Workers: in order, in peace, and gone when they shall be."""

import gc
from pathlib import Path

import numpy as np
import pytest

from ditherlab.black_box import FunctionSource, Part, WorkerPool
from ditherlab.black_box.deadline import DeadlineError, deadline
from ditherlab.black_box.worker_pool import num_cores
from ditherlab.errors import ObjectiveError
from tests.processes import is_running, wait_until


@pytest.fixture
def pool(write):
    pools = []

    def make(code, name="cost"):
        source = FunctionSource("python:x", write(code), name)
        black = np.zeros((1, 3, 4, 5), dtype=np.uint8)
        pools.append(WorkerPool.of(source, black, np.ones((1, 4, 5), dtype=bool)))
        return pools[-1]

    yield make
    for one in pools:
        one.close()


def parts(*levels):
    return [Part(np.full((1, 3, 4, 5), level, dtype=np.uint8), [0]) for level in levels]


def process_ids(workers):
    return [worker.process.pid for worker in workers._workers]


def test_costs_come_in_the_order_of_the_pictures(pool):
    workers = pool(
        """
        import time
        def cost(picture):
            time.sleep(0.05 if picture[0, 0, 0] == 1 else 0)
            return picture[0, 0, 0]
        """
    )
    assert workers.price(parts(1, 2, 3, 4, 5)) == [1, 2, 3, 4, 5]
    assert len(process_ids(workers)) == min(5, num_cores())


def test_a_function_is_loaded_once_a_worker_and_the_workers_stay(pool):
    workers = pool(
        """
        import os, sys
        def cost(picture):
            return os.getpid()
        print("loaded", file=sys.stderr)
        """
    )
    first = workers.price(parts(1))
    assert workers.price(parts(1)) == first == process_ids(workers)


def test_workers_compute_on_one_thread_and_load_torch_only_if_asked(pool):
    workers = pool(
        """
        import os, sys
        from ditherlab import cost_function

        def cost(picture):
            return len({"torch", "jaxtyping"} & set(sys.modules))

        @cost_function(form="torch")
        def by_torch(picture):
            import torch
            return torch.get_num_threads()
        """
    )
    assert workers.price(parts(0)) == [0]
    other = pool(Path(workers.source.location).read_text(), "by_torch")
    assert other.price(parts(0)) == [1]


def test_what_is_printed_does_not_reach_standard_output(pool, capfd):
    workers = pool(
        """
        import os
        print("at load")
        def cost(picture):
            print("in Python", flush=True)
            os.write(1, b"by the system\\n")
            return 0
        """
    )
    workers.price(parts(0))
    out, err = capfd.readouterr()
    assert out == ""
    assert set(err.split("\n")) >= {"at load", "in Python", "by the system"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise ValueError('no')", r"`python:x` raised ValueError: no \(functions.py, line 3\)\."),
        ("os._exit(3)", "`python:x`: the process that computes it ended with exit code 3"),
        ("os.kill(os.getpid(), 9)", "the process that computes it was ended by SIGKILL"),
        ("os.kill(os.getpid(), 40)", "the process that computes it was ended by signal 40"),
        ("os.closerange(3, 99)", "the process that computes it ended with exit code 0"),
        ("return 'x'", "must return a number, got str"),
    ],
)
def test_a_failure_is_told_and_leaves_no_process(body, message, pool):
    workers = pool(f"import os\ndef cost(picture):\n    if picture.any(): {body}\n    return 5\n")
    workers.price(parts(0, 0))
    before = process_ids(workers)
    with pytest.raises(ObjectiveError, match=message):
        workers.price(parts(0, 1))
    assert not any(is_running(number) for number in before)
    assert workers.price(parts(0)) == [5]


def test_a_process_that_a_worker_leaves_behind_neither_hides_its_death_nor_stays(pool, capfd):
    workers = pool(
        """
        import os, time
        def cost(picture):
            child = os.fork()
            if child == 0:
                time.sleep(1000)
            os.write(2, b"%d" % child)
            os._exit(4)
        """
    )
    with pytest.raises(ObjectiveError, match="ended with exit code 4"):
        workers.price(parts(0))
    child = int(capfd.readouterr().err)
    wait_until(lambda: not is_running(child))


def test_a_function_that_never_returns_is_not_waited_for(pool):
    workers = pool("def cost(picture):\n    while picture.any(): pass\n    return 1\n")
    assert workers.price(parts(0)) == [1]
    before = process_ids(workers)
    questions = iter([False, False, True])
    with deadline(lambda: next(questions)), pytest.raises(DeadlineError):
        workers.price(parts(1))
    assert not any(is_running(number) for number in before)


def test_a_file_that_never_ends_loading_is_not_waited_for(pool):
    workers = pool("while True: pass")
    with deadline(lambda: True), pytest.raises(DeadlineError):
        workers.price(parts(0))


def test_a_forgotten_pool_is_gone(write):
    source = FunctionSource("python:x", write("def cost(p): return 1"), "cost")
    workers = WorkerPool.of(source, np.zeros((1, 3, 4, 5), np.uint8), np.ones((1, 4, 5), bool))
    workers.price(parts(0))
    before = process_ids(workers)
    del workers
    gc.collect()
    assert not any(is_running(number) for number in before)
