"""No process of a run outlives it, however the run ends and whatever the processes do."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import ditherlab.black_box.worker_process
from ditherlab.black_box import FunctionSource, Part, WorkerPool
from ditherlab.errors import ObjectiveError
from tests.processes import TIMEOUT_S, is_running, wait_until

ROOT = Path(__file__).parents[3]

# The interpreter's lock is held, so no other Python thread of the process runs.
HOLD_THE_LOCK = "ctypes.PyDLL(None).sleep(1000)"

# Every process notes its number; the last line says that the function is where it should be.
FUNCTIONS = """
import ctypes, os, pathlib, signal, subprocess, sys, threading, time

def note(word):
    with pathlib.Path(__file__).with_name("log").open("a") as log:
        log.write(f"{word}\\n")

def fork(then):
    if os.fork() == 0:
        note(os.getpid())
        then()

def cost(picture):
    note(os.getpid())
    BODY
"""

SCRIPT = """
import os, pathlib, signal, sys
import numpy as np
import ditherlab.black_box.worker_process
from ditherlab.black_box import FunctionSource, Part, WorkerPool
from ditherlab.errors import ObjectiveError

black = np.zeros((1, 3, 4, 5), np.uint8)
source = FunctionSource("x", sys.argv[1], "cost")
pool = WorkerPool.of(source, black, np.ones((1, 4, 5), bool))
if sys.argv[2] == "while it computes":
    log = pathlib.Path(sys.argv[1]).with_name("log")
    from ditherlab.black_box.deadline import deadline
    def end():
        if log.exists() and "busy" in log.read_text():
            ENDING
        return False
    with deadline(end):
        pool.price([Part(black, [0])])
else:
    pool.price([Part(black, [0])])
    ENDING
"""

KILL = "os.kill(os.getpid(), signal.SIGKILL)"


def run_and_collect(write, tmp_path, body, ending, when):
    """Run a script whose pool computes a function; return the processes of the function."""
    path = write(FUNCTIONS.replace("BODY", body))
    script = write(SCRIPT.replace("ENDING", ending), "script.py")
    subprocess.run(
        [sys.executable, "-W", "error", script, path, when],
        check=False,
        timeout=TIMEOUT_S,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    words = (tmp_path / "log").read_text().split()
    return [int(word) for word in words if word != "busy"]


@pytest.mark.parametrize(
    ("body", "num_processes"),
    [
        ("note('busy')\n    while True: pass", 1),
        (f"note('busy')\n    {HOLD_THE_LOCK}", 1),
        ("note('busy')\n    signal.raise_signal(signal.SIGSTOP)", 1),
        (f"fork(lambda: [note('busy'), {HOLD_THE_LOCK}])\n    {HOLD_THE_LOCK}", 2),
        ("fork(lambda: fork(lambda: [note('busy'), time.sleep(1000)]))\n    signal.pause()", 3),
        ("fork(lambda: [os.closerange(0, 99), note('busy'), time.sleep(1000)])\n    os.wait()", 2),
        (
            "os.closerange(3, 99)\n    for number in {15, 1, 2}: signal.signal(number, 1)\n"
            f"    note('busy')\n    {HOLD_THE_LOCK}",
            1,
        ),
    ],
)
def test_a_killed_run_takes_its_processes_along(body, num_processes, write, tmp_path):
    processes = run_and_collect(write, tmp_path, body, KILL, "while it computes")
    assert len(processes) == num_processes
    wait_until(lambda: not any(map(is_running, processes)))


@pytest.mark.parametrize("ending", ["pass", "os._exit(0)", "raise ValueError", "os.abort()", KILL])
@pytest.mark.parametrize("body", ["return 0", "fork(lambda: time.sleep(1000))\n    return 0"])
def test_so_does_one_that_ends_in_another_way(body, ending, write, tmp_path):
    processes = run_and_collect(write, tmp_path, body, ending, "afterwards")
    assert processes
    wait_until(lambda: not any(map(is_running, processes)))


def test_a_worker_that_ends_leaves_no_child(write, tmp_path):
    path = write(FUNCTIONS.replace("BODY", "fork(lambda: time.sleep(1000))\n    return 0"))
    black = np.zeros((1, 3, 4, 5), np.uint8)
    pool = WorkerPool.of(FunctionSource("x", path, "cost"), black, np.ones((1, 4, 5), bool))
    pool.price([Part(black, [0])])
    worker = pool._workers[0].process
    worker.kill()
    processes = (tmp_path / "log").read_text().split()
    wait_until(lambda: not any(map(is_running, map(int, processes))))
    pool.close()


def test_a_worker_outlives_the_thread_that_started_it(write):
    path = write("def cost(picture): return 1")
    black = np.zeros((1, 3, 4, 5), np.uint8)
    pool = WorkerPool.of(FunctionSource("x", path, "cost"), black, np.ones((1, 4, 5), bool))
    thread = threading.Thread(target=pool.price, args=([Part(black, [0])],))
    thread.start()
    thread.join()
    worker = pool._workers[0].process.pid
    assert pool.price([Part(black, [0])]) == [1]
    assert pool._workers[0].process.pid == worker
    pool.close()


POOL_SCRIPT = """
import ctypes, os, pathlib, signal, sys, time

def note(word):
    with open(sys.argv[1], "a") as log:
        log.write(f"{word}\\n")

def work(number):
    note(os.getpid())
    if os.fork() == 0:
        note(os.getpid())
    note("busy")
    ctypes.PyDLL(None).sleep(1000)

if __name__ == "__main__":
    from ditherlab.experiments.local_pool import local_pool
    with local_pool(2) as pool:
        for number in range(2):
            pool.submit(work, number)
        while not (os.path.exists(sys.argv[1]) and open(sys.argv[1]).read().count("busy") == 4):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_run_takes_the_processes_of_its_cells_along(write, tmp_path):
    log = tmp_path / "log"
    subprocess.run(
        [sys.executable, write(POOL_SCRIPT, "script.py"), str(log)],
        check=False,
        timeout=TIMEOUT_S,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    processes = [int(word) for word in log.read_text().split() if word != "busy"]
    assert len(processes) == 4
    wait_until(lambda: not any(map(is_running, processes)))


def test_a_worker_without_a_watcher_ends_with_a_message(write, monkeypatch, capfd):
    path = write("def cost(picture): return 1")
    black = np.zeros((1, 3, 4, 5), np.uint8)
    pool = WorkerPool.of(FunctionSource("x", path, "cost"), black, np.ones((1, 4, 5), bool))
    script = "import os; os.posix_spawn = lambda *_: open('/nowhere/x')\n"
    monkeypatch.setattr(
        "ditherlab.black_box.worker_process._START",
        script + ditherlab.black_box.worker_process._START,
    )
    with pytest.raises(ObjectiveError, match="ended with exit code 1"):
        pool.price([Part(black, [0])])
    assert "No watcher process could be started: No such file" in capfd.readouterr().err


def test_nothing_slow_is_imported_before_a_process_of_a_pool_is_watched():
    code = (
        "import sys, ditherlab.black_box.pool_process; print({'torch', 'numpy'} & {*sys.modules})"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert ended.stdout == "set()\n"
