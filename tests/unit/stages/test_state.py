"""The state of a run: saved and loaded at any step, a picture at every yield."""

from io import BytesIO

import numpy as np
import pytest
import torch

from ditherlab.discrete.cells import cell_rule
from ditherlab.palette import named_palette
from ditherlab.palette_learning.first_palette import first_palette
from ditherlab.randomness import seeded_generator
from ditherlab.recipe import Recipe
from ditherlab.stages import StageContext, State
from tests.solving import problem_of

ZX = cell_rule("zx-spectrum")
CPU = torch.device("cpu")

RECIPES = {
    "learned": "learn-palette(steps=4, pixels=200, starts=2) | error-diffusion | polish(sweeps=3)",
    "from the nearest": "nearest | descend(steps=4) | draw | polish(sweeps=1)",
    "fixed": "nearest | descend(estimator=leave-one-out, steps=4) | draw(by=sample)",
    "mask": "learn-model(model=ordered(size=4), steps=3) | draw",
    "cells": "cells | polish(sweeps=1)",
    "gibbs": "error-diffusion | gibbs-with-gradients(sweeps=1)",
    "cross-entropy": "nearest | cross-entropy(num_samples=4, steps=3)",
}


def saved_and_loaded(state):
    file = BytesIO()
    torch.save(state.to_dict(), file)
    file.seek(0)
    return State.from_dict(torch.load(file, weights_only=True), CPU)


def assert_same(one, other):
    first, second = one.to_dict(), other.to_dict()
    assert first.keys() == second.keys()
    for name, value in first.items():
        if isinstance(value, torch.Tensor):
            assert torch.equal(value, second[name]), name
        elif isinstance(value, dict):
            assert value.keys() == second[name].keys()
            assert all(torch.equal(x, second[name][key]) for key, x in value.items())
        else:
            assert value == second[name], name


def begin(photo, name):
    small = photo.crop(left=6, top=2, width=24, height=20)
    if name in ("learned", "from the nearest"):
        problem = problem_of(small, palette=4)
        generator = seeded_generator(0)
        palette, _ = first_palette(problem.target(), 4, generator)
        state = State(palette=palette, generator=generator, palette_is_free=True)
    else:
        palette = ZX.palette if name == "cells" else named_palette("gray-4")
        problem = problem_of(small, palette=palette, cells=ZX if name == "cells" else None)
        colors = palette.srgb(CPU)[None, :, : problem.num_channels]
        state = State(palette=colors, generator=seeded_generator(0))
    return problem, state


@pytest.mark.parametrize("name", RECIPES)
def test_a_state_is_a_picture_at_every_yield_and_can_be_saved(name, photo):
    problem, state = begin(photo, name)
    context = StageContext(problem=problem, device=CPU)
    num_yields = 0
    for stage in Recipe.parse(RECIPES[name]).resolved(problem).stages:
        shares = []
        for progress in stage.run(context, state):
            num_yields += 1
            shares.append(progress.share)
            assert 0 <= progress.share <= 1
            assert state.is_finite()
            assert_same(state, saved_and_loaded(state))
            if stage.name != "learn-palette":
                indices = state.picture()
                assert indices.shape == (1, 20, 24)
                assert 0 <= indices.min() <= indices.max() < state.palette.shape[1]
        assert shares == sorted(shares)
    assert num_yields > 4


@pytest.mark.parametrize("name", RECIPES)
def test_the_next_stage_goes_on_from_a_loaded_state(name, photo):
    pictures = []
    for loads in (False, True):
        problem, state = begin(photo, name)
        for stage in Recipe.parse(RECIPES[name]).resolved(problem).stages:
            context = StageContext(problem=problem, device=CPU)
            for _ in stage.run(context, state):
                pass
            state = saved_and_loaded(state) if loads else state
        pictures.append(state.picture().numpy())
    assert np.array_equal(*pictures)


def test_a_clone_is_not_moved_with_the_state(photo):
    problem, state = begin(photo, "gibbs")
    context = StageContext(problem=problem, device=CPU)
    nearest, descend, _ = Recipe.parse(RECIPES["from the nearest"]).stages[:3]
    for _ in nearest.run(context, state):
        pass
    steps = descend.run(context, state)
    next(steps)  # descend reports before its first move
    next(steps)
    clone = state.clone()
    before = clone.to_dict()
    next(steps)
    assert torch.equal(clone.probs, before["probs"])
    assert not torch.equal(state.probs, before["probs"])
    assert torch.equal(clone.generator.get_state(), before["generator"])


def test_a_state_without_a_picture_says_so():
    state = State(palette=torch.zeros(1, 2, 3), generator=seeded_generator(0))
    assert not state.has_picture
    with pytest.raises(ValueError, match="There is no picture yet"):
        state.picture()
    with pytest.raises(ValueError, match="no probabilities"):
        state.model()
