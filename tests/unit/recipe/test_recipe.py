"""Recipes in words: printed, parsed, and exact."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ditherlab.errors import RequestError
from ditherlab.recipe import Recipe
from ditherlab.stages import STAGES
from ditherlab.stages.cross_entropy import CrossEntropy
from ditherlab.stages.descend import Descend
from ditherlab.stages.polish import Polish


@pytest.mark.parametrize("name", STAGES.classes)
def test_every_stage_is_written_as_it_is_read(name):
    stage = STAGES.parse(name)
    assert STAGES.parse(str(stage)) == stage
    assert stage.name == name


@pytest.mark.parametrize(
    "words",
    [
        "learn-palette(steps=80, pixels=32768, starts=1) | error-diffusion",
        "nearest | descend(estimator=leave-one-out(num_samples=8, credit=local), steps=3)",
        "nearest | descend(estimator=random-windows(estimator=st), temperature=1:0.001, steps=3)",
        "learn-model(model=noise(shape=normal, scope=pixel), steps=150) | draw(by=sample)",
        "nearest | cross-entropy(num_samples=7, elite=0.5, rate=0.3, credit=local, steps=9)",
    ],
)
def test_stages_of_strategies_are_written_as_they_are_read(words):
    assert str(Recipe.parse(words)) == words
    assert str(Recipe.parse(words.replace(" ", "").replace("|", "  |  "))) == words


@given(st.floats(min_value=0, max_value=1e300), st.floats(min_value=1e-300, max_value=1e300))
def test_numbers_are_exact(heat, end):
    polish = Polish(temperature=heat)
    assert STAGES.parse(str(polish)) == polish
    descend = Descend(temperature=(heat or 1.0, end))
    assert STAGES.parse(str(descend)) == descend


@pytest.mark.parametrize("words", ["", "  ", "nearest |", "| draw", "nearest || draw"])
def test_an_empty_stage_is_refused(words):
    with pytest.raises(RequestError, match=r"must be stages with `\|` between them, got"):
        Recipe.parse(words)
    with pytest.raises(RequestError, match="at least one stage"):
        Recipe(())


def test_a_method_is_a_stage():
    assert Recipe.parse("cross-entropy(steps=3)").stages == (CrossEntropy(steps=3),)
