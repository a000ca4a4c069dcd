"""Runs with Python functions that fail, hang or return no number."""

import json
import re
from io import BytesIO
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from PIL import Image

from ditherlab.errors import ObjectiveError
from ditherlab.objectives import PythonFunction
from ditherlab.palette import named_palette
from ditherlab.problem import Limits
from tests.solving import solve

PICO_8 = named_palette("pico-8")


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write a Python file into the current folder, and return its name."""
    monkeypatch.chdir(tmp_path)

    def call(code, name="functions.py"):
        Path(name).write_text(dedent(code), encoding="utf-8")
        return name

    return call


@pytest.fixture
def tiny(photo):
    return photo.crop(left=8, top=6, width=8, height=6)


# The calls are counted; a step prices four pictures, and the start one.
FUNCTIONS = """
import pathlib
import time

num_calls = 0

def count():
    global num_calls
    num_calls += 1
    return num_calls

def sleep():
    pathlib.Path(__file__).with_name("hangs").touch()
    time.sleep(1000)

def hang(picture):
    sleep()

def hang_later(picture):
    if count() > 12: sleep()
    return picture.mean()

def fail(picture):
    raise ValueError("at once: out of memory")

def fail_later(picture):
    if count() > 12: raise ValueError("later")
    return picture.mean()

def spoil(picture):
    return float("nan") if count() > 12 else picture.mean()

def spoil_and_hang(picture):
    if count() > 20: sleep()
    return float("nan") if num_calls > 12 else picture.mean()

def brightness(picture):
    return picture.mean() / 255
"""


@pytest.fixture
def run(write, tiny, monkeypatch):
    """Optimize a function of the file; `hangs` is a clock that is over once a function hangs."""
    # One process starts sooner than one for each core, and calls are counted alike everywhere.
    monkeypatch.setattr("ditherlab.black_box.worker_pool.num_cores", lambda: 1)
    path = write(FUNCTIONS)

    def call(name, **settings):
        settings = {"palette": PICO_8, "steps": 1000, **settings}
        return solve(tiny, objective=PythonFunction(path, name), **settings)

    return call


@pytest.fixture
def until_it_hangs(tmp_path):
    """Arguments of a run whose time is up as soon as a function hangs, however long that takes."""
    return {
        "limits": Limits(seconds=1.0),
        "clock": lambda: 2.0 if (tmp_path / "hangs").exists() else 0.0,
    }


def test_a_black_box_is_optimized_in_the_same_way_every_time(run):
    first, second = (run("brightness", steps=40) for _ in range(2))
    assert first.outcome == "finished"
    assert first.history.costs == second.history.costs
    assert np.array_equal(first.indices, second.indices)
    assert np.mean(first.history.costs[-5:]) < np.mean(first.history.costs[:5])


def test_a_function_that_never_returns_ends_with_the_time(run, until_it_hangs):
    solution = run("hang", **until_it_hangs)
    assert (solution.outcome, solution.num_steps) == ("out-of-time", 0)
    nearest = run("brightness", limits=Limits(seconds=1e-9))
    assert (nearest.outcome, nearest.history.costs) == ("out-of-time", ())
    assert np.array_equal(solution.indices, nearest.indices)


def test_a_function_that_hangs_later_ends_with_the_steps_so_far(run, until_it_hangs):
    solution = run("hang_later", **until_it_hangs)
    assert solution.outcome == "out-of-time"
    assert solution.num_steps > 0


def test_a_run_that_is_asked_to_stop_waits_for_no_function(run):
    calls = iter([False] * 5)
    solution = run("hang", should_stop=lambda: next(calls, True))
    assert (solution.outcome, solution.num_steps) == ("interrupted", 0)


def test_a_failure_at_the_start_is_raised_as_it_is(run):
    with pytest.raises(ObjectiveError, match="ValueError: at once: out of memory"):
        run("fail")


def test_a_failure_on_the_way_keeps_the_picture(run):
    solution = run("fail_later")
    assert (solution.outcome, solution.num_steps > 0) == ("cost-failed", True)
    assert re.fullmatch(
        r"`python:functions.py:fail_later` raised ValueError: later \(functions.py, line \d+\)\.",
        solution.failure,
    )


def test_a_cost_that_is_no_number_any_more_keeps_the_last_good_picture(run):
    solution = run("spoil", steps=20)
    assert (solution.outcome, solution.failure) == ("not-finite", None)


def test_a_hanging_function_does_not_hide_that_the_cost_was_no_number(run, until_it_hangs):
    assert run("spoil_and_hang", **until_it_hangs).outcome == "not-finite"


def test_the_text_of_the_file_names_no_folder(write, tiny, tmp_path):
    write(FUNCTIONS)
    objective = PythonFunction(str(tmp_path / "functions.py"), "brightness")
    solution = solve(tiny, palette=PICO_8, objective=objective, steps=1)
    with Image.open(BytesIO(solution.to_png())) as image:
        text = json.loads(image.text["ditherlab"])
    assert text["objective"] == "python:functions.py:brightness"
    assert solution.settings["objective"] == str(objective)
