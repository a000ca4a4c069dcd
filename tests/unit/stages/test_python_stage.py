"""Stages of a user's own that fail: one sentence, and the last good picture if there is one."""

import re
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from ditherlab.errors import RequestError, StageError
from ditherlab.palette import named_palette
from ditherlab.problem import Problem
from ditherlab.recipe import Recipe
from ditherlab.solver.solver import optimize

STAGES = """
    from dataclasses import dataclass

    import torch

    from ditherlab.stages import Progress, Stage, State


    @dataclass(frozen=True)
    class Faulty(Stage):
        fault: str = "none"
        after: int = 0

        def __post_init__(self):
            if self.after < 0:
                raise ValueError("less than no steps")

        def resolved(self, problem):
            return self if self.fault != "at once" else 1 / 0

        def run(self, context, state):
            for step in range(self.after):
                yield Progress(0.0, torch.ones(1), step)
            getattr(self, self.fault)(state)
            yield getattr(self, self.fault + "_progress", Progress(1.0, torch.ones(1)))

        def none(self, state): pass
        def raises(self, state): raise ValueError("tired")
        def words(self, state): pass
        words_progress = "half"
        def share(self, state): pass
        share_progress = Progress(1.5, torch.ones(1))
        def cost(self, state): pass
        cost_progress = Progress(0.5, 3.0)
        def high(self, state): state.show_indices(state.picture() + 16)
        def low(self, state): state.show_indices(state.picture() - 20)
        def bytes(self, state): state.show_indices(state.picture().to(torch.uint8))
        def flat(self, state): state.show_indices(state.picture()[0])
        def cut(self, state): state.show_indices(state.picture()[..., :9])
        def thin(self, state): state.show_probs(torch.ones(1, 3, *state.picture().shape[1:]))
        def palette(self, state): state.palette = state.palette[0]
        def nothing(self, state): state.indices = state.probs = None


    class NoDataclass(Stage):
        def run(self, context, state): yield Progress(1.0)


    FAULTY = Faulty()
"""


@pytest.fixture
def problem(photo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("own.py").write_text(dedent(STAGES))
    return Problem(picture=photo, palette=named_palette("pico-8"))


def recipe(fault, after):
    return f"error-diffusion | python:own.py:Faulty(fault={fault}, after={after})"


FAULTS = [
    ("raises", r"failed: ValueError: tired \(own.py, line \d+\)"),
    ("words", "must yield `Progress`, got str"),
    ("share", "must yield a share from 0 to 1, got 1.5"),
    ("cost", r"must yield costs as a float tensor `\[b\]`, got 3.0"),
    ("high", "must leave indices from 0 to 15, got 16 to 30"),
    ("low", r"must leave indices from 0 to 15, got -20 to -6"),
    ("bytes", r"must leave int64 indices `\[b 32 48\]`, got torch.uint8 .*"),
    ("flat", r"must leave int64 indices `\[b 32 48\]`, got torch.int64 \[32, 48\]"),
    ("palette", r"must leave a palette `\[1 k c\]`, got \[16, 3\]"),
    ("cut", r"must leave int64 indices `\[b 32 48\]`, got torch.int64 \[1, 32, 9\]"),
    ("thin", r"must leave probabilities `\[b 16 32 48\]`, got \[1, 3, 32, 48\]"),
    ("nothing", "must leave a picture, got none"),
]


@pytest.mark.parametrize(("fault", "message"), FAULTS)
@pytest.mark.parametrize("after", [0, 2])
def test_a_fault_is_one_sentence_and_leaves_the_last_good_picture(fault, message, after, problem):
    solution = optimize(problem, recipe(fault, after), device="cpu", seconds_between_reports=0)
    assert solution.outcome == "cost-failed"
    assert re.fullmatch(rf"`python:own.py:Faulty` {message}\.", solution.failure)
    before = optimize(problem, "error-diffusion", device="cpu")
    assert np.array_equal(solution.indices, before.indices)


def test_a_stage_without_faults_is_let_through(problem):
    assert optimize(problem, recipe("none", 2), device="cpu").outcome == "finished"


def test_a_fault_before_there_is_a_picture_is_raised(problem):
    words = "python:own.py:Faulty(fault=raises) | error-diffusion"
    with pytest.raises(StageError, match=r"`python:own.py:Faulty` failed: ValueError: tired"):
        optimize(problem, words, device="cpu")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("python:own.py:Faulty(after=-1)", "`python:own.py:Faulty` failed: ValueError: less than"),
        ("python:own.py:Faulty(pause=1)", "`faulty` has no parameter `pause`"),
        ("python:own.py:Gone", "Gone"),
        ("python:gone.py:Faulty", "gone.py"),
        ("python:own.py:NoDataclass", "must be a frozen dataclass that extends"),
        ("python:own.py:FAULTY", "must be a frozen dataclass that extends .*, got Faulty"),
        ("python:own.py", "A Python stage must be `python:FILE.py:Name"),
    ],
)
def test_what_is_no_stage_is_refused_when_it_is_read(words, message, problem):
    with pytest.raises(RequestError, match=message):
        Recipe.parse(words)


def test_a_stage_that_cannot_set_its_parameters_is_refused(problem):
    words = "error-diffusion | python:own.py:Faulty(fault=at once)"
    with pytest.raises(RequestError, match=r"`python:own.py:Faulty` failed: ZeroDivisionError"):
        optimize(problem, words, device="cpu")


def test_a_changed_file_is_read_again(problem):
    before = Recipe.parse("python:own.py:Faulty")
    assert Recipe.parse("python:own.py:Faulty") == before
    Path("own.py").write_text(dedent(STAGES).replace("after: int = 0", "after: int = 5"))
    assert Recipe.parse("python:own.py:Faulty") != before


METHODS = ("memory", "work", "needs", "check", "resolved")


def test_a_method_that_fails_or_prints_is_one_sentence(photo, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    methods = "".join(
        f"""
        def {method}(self, *arguments):
            if self.fault == "{method}":
                os.write(1, b"noise")
                raise ValueError("tired")
            return super().{method}(*arguments)
        """
        for method in METHODS
    )
    code = f"""
    import os
    from dataclasses import dataclass

    from ditherlab.stages import Progress, Stage


    @dataclass(frozen=True)
    class Failing(Stage):
        fault: str = ""

        def run(self, context, state):
            yield Progress(1.0)
        {methods}
    """
    Path("failing.py").write_text(dedent(code))
    problem = Problem(picture=photo, palette=named_palette("pico-8"))
    for method in METHODS:
        recipe = f"nearest | python:failing.py:Failing(fault={method}) | polish(sweeps=1)"
        message = r"`python:failing.py:Failing` failed: ValueError: tired \(failing.py, line "
        with pytest.raises((RequestError, StageError), match=message):
            optimize(problem, recipe)
    assert capfd.readouterr().out == ""
