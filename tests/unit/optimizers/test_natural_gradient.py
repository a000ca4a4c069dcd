"""Natural gradient: along the colors' costs, whatever the probabilities are."""

from dataclasses import replace

import pytest
import torch

from ditherlab.errors import RequestError
from ditherlab.estimators import LeaveOneOut, Moments
from ditherlab.objectives import ViewedError
from ditherlab.optimizers import OPTIMIZERS, Adam, NaturalGradient
from ditherlab.palette import named_palette
from ditherlab.protocol import ColorCosts, Estimate
from tests.solving import solve


def estimate_of(costs, probs=None):
    """Estimate color costs: known themselves, or by the gradient that follows from them."""
    identity = torch.eye(costs.shape[1]).unsqueeze(0)
    known = Estimate(
        value=torch.zeros(1),
        grad_palette=None,
        num_evaluations=1,
        num_backward_passes=1,
        color_costs=ColorCosts(identity, costs),
        probs=probs,
    )
    if probs is None:
        return known
    return replace(known, color_costs=None, logit_gradient=known.grad_logits)


@pytest.fixture
def peaked():
    """One pixel that is all but sure of the first color."""
    return torch.tensor([9.0, 0.0, 0.0]).view(1, 3, 1, 1)


def steps_until_turned(optimizer, logits, num_steps=400):
    state = optimizer.start(logits)
    costs = torch.tensor([1.0, 0.0, 0.5]).view(1, 3, 1, 1)
    for step in range(num_steps):
        estimate = replace(estimate_of(costs), probs=state.probs)
        probs = optimizer.step(state, estimate, 0.0, torch.Generator())
        if probs[0, 1] > 0.5:
            return step
    return num_steps


def test_the_first_step_goes_against_the_costs_with_the_learning_rate(peaked):
    costs = torch.tensor([3.0, 1.0, 2.0]).view(1, 3, 1, 1)
    optimizer = NaturalGradient(learning_rate=0.2)
    state = optimizer.start(peaked)
    optimizer.step(state, estimate_of(costs), 0.0, torch.Generator())
    expected = -0.2 * torch.tensor([1.0, -1.0, 0.0]) / (2 / 3) ** 0.5
    torch.testing.assert_close((state.logits - peaked).flatten(), expected)


def test_a_sampled_gradient_says_the_same_where_colors_are_probable():
    costs = torch.tensor([3.0, 1.0, 2.0]).view(1, 3, 1, 1)
    flat = torch.zeros(1, 3, 1, 1)
    changes = []
    for probs in (None, flat.softmax(dim=1)):
        state = NaturalGradient().start(flat)
        NaturalGradient().step(state, estimate_of(costs, probs), 0.0, torch.Generator())
        changes.append(state.logits)
    torch.testing.assert_close(changes[0], changes[1])


def test_it_comes_to_rest_at_the_costs_over_the_temperature():
    costs = torch.tensor([3.0, 1.0, 2.0]).view(1, 3, 1, 1)
    optimizer = NaturalGradient(learning_rate=0.05)
    state = optimizer.start(torch.zeros(1, 3, 1, 1))
    for _ in range(600):
        probs = optimizer.step(state, estimate_of(costs), 2.0, torch.Generator())
    torch.testing.assert_close(probs, (-costs / 2.0).softmax(dim=1), atol=0.01, rtol=0)


def test_a_peaked_pixel_still_turns(peaked):
    natural = steps_until_turned(NaturalGradient(learning_rate=0.1), peaked)
    assert natural < 100 < steps_until_turned(Adam(learning_rate=0.01), peaked)


@pytest.mark.parametrize("estimator", [LeaveOneOut(8, credit="local"), Moments()])
def test_it_lowers_the_expected_cost_of_a_picture(estimator, photo):
    solution = solve(
        photo,
        palette=named_palette("pico-8"),
        objective=ViewedError(),
        estimator=estimator,
        optimizer=NaturalGradient(),
        steps=60,
    )
    first, *_, last = solution.history.snapshots
    assert last.cost < first.cost / 1.5


def test_a_learning_rate_must_be_positive():
    with pytest.raises(RequestError, match=r"must be above 0, got 0"):
        OPTIMIZERS.parse("natural-gradient(learning_rate=0)")
