"""Python functions on the command line: what is told, what is written, and when it ends."""

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from PIL import Image

from ditherlab.cli import main

Run = Callable[..., Any]

FUNCTIONS = """
import os, signal, sys, time

num_calls = 0

def brightness(picture):
    return picture.mean()

def hang(picture):
    while True: time.sleep(1)

def interrupt_and_hang(picture):
    os.kill(os.getppid(), signal.SIGINT)
    hang(picture)

def fail(picture):
    raise ValueError("no\\nway")

def fail_later(picture):
    global num_calls
    num_calls += 1
    if num_calls > 8: os._exit(7)
    return picture.mean()

def nan(picture):
    return float("nan")

def talk(picture):
    print("hello")
    os.write(1, b"hello")
    sys.__stdout__.flush()
    return picture.mean()

number = 3
"""


@pytest.fixture(autouse=True)
def functions(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # One process starts sooner than one for each core, and calls are counted alike everywhere.
    monkeypatch.setattr("ditherlab.black_box.worker_pool.num_cores", lambda: 1)
    Path("my_functions.py").write_text(dedent(FUNCTIONS), encoding="utf-8")


def words(photo: Path, name: str, *others: str) -> list[str]:
    objective = f"python:my_functions.py:{name}"
    palette = ("--palette", "pico-8", "--steps", "200")
    return ["optimize", str(photo), "--objective", objective, *palette, *others]


def is_picture(path: str) -> bool:
    with Image.open(path) as image:
        return (image.mode, image.size) == ("P", (32, 24))


def test_a_function_is_an_objective(photo: Path, run: Run) -> None:
    ended = run(*words(photo, "brightness", "--steps", "4", "--json"))
    document = json.loads(ended.out)
    assert ended.code == 0
    assert document["objective"] == "python:my_functions.py:brightness"
    assert (document["estimator"], document["cost_evaluations"]) == ("leave-one-out", 20)


@pytest.mark.parametrize(
    ("objective", "message"),
    [
        ("python:nowhere.py:cost", "`python:nowhere.py:cost`: there is no file 'nowhere.py'."),
        ("python:my_functions.py:bright", "`python:my_functions.py:bright`: 'my_functions.py' has"),
        (
            "python:my_functions.py:number",
            "`python:my_functions.py:number` must be a function, got",
        ),
        ("python:no_module:cost", "`python:no_module:cost`: 'no_module' cannot be imported: Modul"),
        ("-1*python:my_functions.py", "A Python objective must be `python:FILE.py:function` or"),
    ],
)
def test_a_function_that_is_not_there(objective: str, message: str, photo: Path, run: Run) -> None:
    ended = run("optimize", photo, "--objective", objective)
    assert ended.code == 2
    assert ended.error.startswith(message)


def test_an_estimator_that_needs_a_gradient_is_refused(photo: Path, run: Run) -> None:
    options = ("--palette", "black-and-white", "--estimator", "gumbel-softmax")
    ended = run("optimize", photo, "--objective", "png-bytes", *options)
    assert ended.code == 2
    assert "`gumbel-softmax` needs an objective with `gradient`, which `png-b" in ended.error
    assert "`leave-one-out`" in ended.error


def test_a_failure_at_the_start_writes_nothing(photo: Path, run: Run) -> None:
    ended = run(*words(photo, "fail"))
    message = "`python:my_functions.py:fail` raised ValueError: no way (my_functions.py, line 17)."
    assert (ended.code, ended.error) == (1, message)
    assert {path.name for path in Path().iterdir()} == {"photo.png", "my_functions.py"}


def test_a_failure_on_the_way_writes_the_picture(photo: Path, run: Run) -> None:
    ended = run(*words(photo, "fail_later", "-q", "--json"))
    document = json.loads(ended.out)
    told = (
        "`python:my_functions.py:fail_later`: the process that computes it ended with exit code 7."
    )
    assert (ended.code, document["outcome"]) == (1, "cost-failed")
    assert told in document["notes"]
    assert document["steps"] > 0
    assert ended.err == f"Error: {told} photo-dithered.png is the picture so far.\n"
    assert is_picture("photo-dithered.png")


def test_a_cost_that_is_no_number_keeps_the_last_good_picture(photo: Path, run: Run) -> None:
    ended = run(*words(photo, "nan", "-q", "--json"))
    assert (ended.code, json.loads(ended.out)["outcome"]) == (1, "not-finite")
    assert is_picture("photo-dithered.png")


def test_what_a_function_prints_goes_to_standard_error(
    photo: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words(photo, "talk", "--steps", "2", "-o", "-"))
    out, err = capfdbinary.readouterr()
    assert ended.value.code == 0
    assert out.startswith(b"\x89PNG")
    assert b"hello" not in out
    assert b"hello" in err


def test_a_function_that_never_returns_ends_with_the_time(photo: Path, run: Run) -> None:
    ended = run(*words(photo, "hang", "--max-seconds", "1", "--report", "run.json"))
    assert ended.code == 0
    assert json.loads(Path("run.json").read_bytes())["outcome"] == "out-of-time"
    said = "The time was up before the first step: photo-dithered.png shows the nearest colors.\n"
    assert said in ended.err
    assert is_picture("photo-dithered.png")


def test_a_function_that_never_returns_ends_with_ctrl_c(photo: Path, run: Run) -> None:
    ended = run(*words(photo, "interrupt_and_hang"))
    assert ended.code == 130
    assert "Interrupted: photo-dithered.png is the best picture so far.\n" in ended.err
    assert is_picture("photo-dithered.png")


def test_compare_takes_a_function_too(photo: Path, run: Run) -> None:
    options = ("--crop", "4x4+0+0", "--colors", "2", "--repetitions", "2", "--samples", "2")
    objective = ("--objective", "python:my_functions.py:brightness")
    estimators = ("--estimators", "leave-one-out,disarm", "--gradients-only")
    ended = run("compare", photo, *options, *objective, *estimators)
    assert ended.code == 0
    assert b"disarm" in ended.out
