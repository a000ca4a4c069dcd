"""A closed-form expectation equals the enumerated one, and so do its gradients."""

import pytest
import torch

from ditherlab.categorical import Categorical
from ditherlab.estimators import Moments
from ditherlab.objectives import parse_objective
from ditherlab.protocol import Target

EXPECTED_COSTS = [
    "variance(c=1)",
    "viewed-error",
    "viewed-error(blur_px=0.4)",
    "variance(c=1)+0.5*viewed-error",
]


@pytest.fixture
def target():
    generator = torch.Generator().manual_seed(5)
    images = torch.rand((1, 1, 2, 3), generator=generator, dtype=torch.float64)
    return Target(images, torch.ones((1, 1, 2, 3), dtype=torch.bool))


@pytest.fixture
def target_with_hole(target):
    opaque = target.opaque.clone()
    opaque[0, 0, 0, 1] = False
    return Target(target.images, opaque)


@pytest.fixture
def model(enumeration):
    return Categorical.from_logits(enumeration.logits, enumeration.palette, learns_palette=True)


def estimate(model, cost):
    return Moments().estimate(model, cost, torch.Generator())[0]


@pytest.mark.parametrize("words", EXPECTED_COSTS)
@pytest.mark.parametrize("which", ["target", "target_with_hole"])
def test_moments_agree_with_enumeration(words, which, enumeration, model, request):
    cost = parse_objective(words).bind(request.getfixturevalue(which))
    truth = enumeration.truth(cost)
    found = estimate(model, cost)
    torch.testing.assert_close(found.value[0], truth.value, rtol=0, atol=1e-12)
    torch.testing.assert_close(found.grad_logits, truth.grad_logits, rtol=0, atol=1e-12)
    torch.testing.assert_close(found.grad_palette, truth.grad_palette, rtol=0, atol=1e-12)


def test_unfolded_borders_fail_the_same_test(enumeration, model, target, monkeypatch):
    from ditherlab.filtering import filter_reflected
    from ditherlab.objectives import viewed_error

    def squared_before_folding(images, taps):
        return filter_reflected(images, tuple(tap**2 for tap in taps))

    monkeypatch.setattr(viewed_error, "filter_reflected_squared", squared_before_folding)
    cost = parse_objective("viewed-error").bind(target)
    difference = estimate(model, cost).value[0] - enumeration.truth(cost).value
    assert difference.abs() > 1e-6


def test_the_variance_loss_is_that_of_the_post(model, target):
    cost = parse_objective("variance(c=0.25)").bind(target)
    colors = model.palette[0, :, 0]
    mean = torch.einsum("khw,k->hw", model.probs[0], colors)
    variance = torch.einsum("khw,k->hw", model.probs[0], colors.square()) - mean.square()
    expected = ((mean - target.images[0, 0]).square() + 0.25 * variance).mean()
    torch.testing.assert_close(cost.expected(model.probs, model.palette)[0], expected)


def test_color_costs_are_the_cost_of_each_alternative(enumeration, model, target):
    """`Q_ik - Q_ij` is what the expected cost gains when pixel i surely has color k, not j."""
    cost = parse_objective("viewed-error").bind(target)
    costs = estimate(model, cost).color_costs.dense()[0, :, 1, 2]
    for color in range(3):
        certain = model.probs.clone()
        certain[0, :, 1, 2] = torch.eye(3, dtype=torch.float64)[color]
        first = model.probs.clone()
        first[0, :, 1, 2] = torch.eye(3, dtype=torch.float64)[0]
        gain = cost.expected(certain, model.palette) - cost.expected(first, model.palette)
        torch.testing.assert_close(costs[color] - costs[0], gain[0], rtol=0, atol=1e-12)
