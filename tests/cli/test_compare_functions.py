"""`ditherlab compare` with Python functions that fail, hang or return no number."""

import json
from pathlib import Path

import numpy as np
import pytest

FUNCTIONS = """
import os, signal, time
from contextlib import suppress

num_calls = 0
with suppress(FileNotFoundError):
    os.unlink("hangs")

def hang(picture):
    while True: time.sleep(1)

def interrupt_and_hang(picture):
    # Several workers compute at once, and only one of them presses Ctrl-C.
    with suppress(FileExistsError):
        os.close(os.open("pressed", os.O_CREAT | os.O_EXCL))
        os.kill(os.getppid(), signal.SIGINT)
    hang(picture)

def nan(picture):
    return float("nan")

def large(picture):
    return 1e300

def fail_later(picture):
    global num_calls
    num_calls += 1
    if num_calls > 100: raise ValueError
    return picture.mean()

def hang_later(picture):
    global num_calls
    num_calls += 1
    if num_calls > 20:
        os.close(os.open("hangs", os.O_CREAT))
        time.sleep(1e6)
    return picture.mean()
"""


@pytest.fixture
def functions(folder):
    Path("costs.py").write_text(FUNCTIONS, encoding="utf-8")
    return folder


@pytest.mark.usefixtures("functions")
def test_a_cost_that_never_returns_ends_with_the_time(run, photo):
    words = ("--objective", "python:costs.py:hang", "--colors", "2", "--max-seconds", "2")
    ended = run("compare", photo, *words, "--report", "a.json")
    assert (ended.code, Path("a.json").exists()) == (1, False)
    assert ended.err.count("Error") == 1
    assert "The time was up before there was a reference gradient" in ended.err


@pytest.mark.usefixtures("functions")
def test_a_cost_that_hangs_later_leaves_what_was_done(run, photo, monkeypatch):
    # Time goes by only while the cost hangs, however long it takes to get there.
    hanging_s = [0.0]

    def now():
        hanging_s[0] += 0.1 * Path("hangs").exists()
        return hanging_s[0]

    monkeypatch.setattr("ditherlab.cli.clock.now", now)
    monkeypatch.setattr("ditherlab.black_box.worker_pool.num_cores", lambda: 1)
    monkeypatch.setattr("ditherlab.objectives.black_box_objective.num_cores", lambda: 1)
    ended = run(
        "compare", photo, "--objective", "python:costs.py:hang_later", "--colors", "2", "--json",
        "--estimators", "leave-one-out(num_samples=2),score-function", "--repetitions", "2",
        "--max-seconds", "8", "--seeds", "1",
    )  # fmt: skip
    assert ended.code == 0, ended.err
    document = json.loads(ended.out)
    assert not document["complete"]
    assert document["reference"]["repetitions"] >= 2
    assert document["runs"]
    assert "The time was up: these are the figures so far." in ended.err


@pytest.mark.usefixtures("functions")
def test_ctrl_c_ends_a_cost_that_never_returns(run, photo):
    words = ("--objective", "python:costs.py:interrupt_and_hang", "--colors", "2")
    ended = run("compare", photo, *words)
    assert ended.code == 130
    assert "Interrupted; nothing was written." in ended.err


@pytest.mark.parametrize("name", ["nan", "large"])
@pytest.mark.usefixtures("functions")
def test_a_cost_that_is_not_finite_is_refused(name, run, photo):
    words = ("--objective", f"python:costs.py:{name}", "--colors", "2", "--repetitions", "2")
    ended = run("compare", photo, *words, "--gradients-only")
    assert (ended.code, ended.out) == (1, b"")
    assert "The cost must be finite where the gradients are taken" in ended.error


@pytest.mark.usefixtures("functions")
def test_a_report_names_no_folder(run, photo):
    objective = f"python:{Path('costs.py').absolute()}:fail_later"
    np.save("at.npy", np.zeros((2, 24, 32)))
    words = (
        "--objective", f"2*{objective}+ssim", "--colors", "2", "--repetitions", "2", "--seeds",
        "1", "--max-seconds", "400", "--at", Path("at.npy").absolute(), "--estimators",
        "leave-one-out",
    )  # fmt: skip
    ended = run("compare", photo, *words, "--report", "a.html", "--json")
    assert ended.code == 0, ended.err
    for text in (ended.out.decode(), Path("a.html").read_text(encoding="utf-8")):
        assert str(Path.cwd()) not in text
        assert "2*python:costs.py:fail_later+ssim" in text
