"""ARM and DisARM: exact, by enumerating the cells in which uniform numbers draw the same pair.

Between the bounds `p` and `1 - p` of a pixel the drawn colors stay the same and the estimate is
linear in the uniform number, so each cell's mean is the estimate at its middle.
"""

import itertools
from dataclasses import dataclass

import pytest
import torch

from ditherlab.errors import AbilityError
from ditherlab.estimators import ARM, ESTIMATORS, Disarm
from ditherlab.estimators.antithetic import Antithetic
from ditherlab.palette import named_palette
from ditherlab.problem import Problem

NUM_PIXELS = 6


@dataclass(frozen=True)
class Wrong(Disarm):
    """Wrong: the smaller probability in place of the larger one."""

    def slopes(self, uniform, pairs, model):
        ratio = model.probs.amin(dim=1) / model.probs.amax(dim=1)
        return super().slopes(uniform, pairs, model) * ratio


def mean_estimate(estimator, enumeration, cost):
    chance = enumeration.logits.softmax(dim=1)[0, 1].flatten()
    bounds = torch.stack(
        [torch.zeros(6).double(), chance.minimum(1 - chance), chance.maximum(1 - chance)]
    )
    widths = torch.cat([bounds, torch.ones(1, 6).double()]).diff(dim=0)
    cells = torch.tensor(list(itertools.product(range(3), repeat=NUM_PIXELS)))
    pixels = torch.arange(NUM_PIXELS)
    middles = (bounds + widths / 2)[cells, pixels].view(1, -1, 2, 3)
    weights = widths[cells, pixels].prod(dim=1)
    model = enumeration.repeat(len(cells))
    with torch.no_grad():
        estimate, _ = estimator.weigh(middles, model, cost, None, None)
    palette = estimate.grad_palette
    palette = torch.zeros((1, 2, 1)).double() if palette is None else palette
    return (
        torch.einsum("n,nkhw->khw", weights, estimate.grad_logits).unsqueeze(0),
        torch.einsum("n,nkc->kc", weights, palette.expand(len(cells), -1, -1)).unsqueeze(0),
    )


ANTITHETIC = [name for name, c in ESTIMATORS.classes.items() if issubclass(c, Antithetic)]


@pytest.fixture
def two_colors(enumeration):
    return enumeration.keep_colors(2)


@pytest.mark.parametrize("name", ANTITHETIC)
def test_antithetic_estimators_average_to_the_enumerated_gradient(name, two_colors):
    estimator = ESTIMATORS.parse(name)
    for cost in two_colors.costs_for(estimator).values():
        truth = two_colors.truth(cost)
        logits, palette = mean_estimate(estimator, two_colors, cost)
        torch.testing.assert_close(logits, truth.grad_logits, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(palette, truth.grad_palette, rtol=1e-12, atol=1e-12)


def test_a_wrong_weight_fails_the_same_test(two_colors, interacting):
    found, _ = mean_estimate(Wrong(), two_colors, interacting)
    assert (found - two_colors.truth(interacting).grad_logits).abs().max() > 1e-3


def test_disarm_varies_less_than_arm(two_colors, interacting):
    model = two_colors.repeat(20_000)
    variances = [
        estimator.estimate(model, interacting, torch.Generator().manual_seed(2))[0]
        .grad_logits.var(dim=0)
        .sum()
        for estimator in (Disarm(), ARM())
    ]
    assert variances[0] < variances[1]


def test_more_than_two_colors_are_refused(photo):
    with pytest.raises(AbilityError, match="`arm` needs a palette of 2 colors, got 16"):
        problem = Problem(picture=photo, palette=named_palette("pico-8"))
        default_recipe(problem, Shorthands(estimator=ARM()))
