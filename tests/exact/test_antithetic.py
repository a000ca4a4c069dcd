"""ARM and DisARM: exact, by enumerating the cells in which uniform numbers draw the same pair.

Between the bounds `p` and `1 - p` of a pixel the drawn colors stay the same and the estimate is
linear in the uniform number, so each cell's mean is the estimate at its middle.
"""

import itertools
from dataclasses import dataclass

import pytest
import torch

from ditherlab.categorical import Categorical
from ditherlab.errors import AbilityError
from ditherlab.estimators import ARM, ESTIMATORS, Disarm
from ditherlab.palette import named_palette
from ditherlab.problem import Problem

NUM_PIXELS = 6


@dataclass(frozen=True)
class Wrong(Disarm):
    """Wrong: the smaller probability in place of the larger one."""

    def slopes(self, uniform, pairs, model):
        ratio = model.probs.amin(dim=1) / model.probs.amax(dim=1)
        return super().slopes(uniform, pairs, model) * ratio


def truth(enumeration, cost):
    logits = enumeration.logits[:, :2].clone().requires_grad_()
    palette = enumeration.palette[:, :2].clone().requires_grad_()
    pictures = torch.tensor(list(itertools.product(range(2), repeat=NUM_PIXELS)))
    pictures = pictures.view(-1, 1, 2, 3)
    log_probs = logits.log_softmax(dim=1).expand(len(pictures), -1, -1, -1)
    chances = log_probs.gather(1, pictures).sum(dim=(1, 2, 3)).exp()
    costs = cost.cost(Categorical(logits.softmax(dim=1), palette).images(pictures))[:, 0]
    value = (chances * costs).sum()
    return torch.autograd.grad(value, [logits, palette], materialize_grads=True)


def mean_estimate(estimator, enumeration, cost):
    chance = enumeration.logits[:, :2].softmax(dim=1)[0, 1].flatten()
    bounds = torch.stack(
        [torch.zeros(6).double(), chance.minimum(1 - chance), chance.maximum(1 - chance)]
    )
    widths = torch.cat([bounds, torch.ones(1, 6).double()]).diff(dim=0)
    cells = torch.tensor(list(itertools.product(range(3), repeat=NUM_PIXELS)))
    pixels = torch.arange(NUM_PIXELS)
    middles = (bounds + widths / 2)[cells, pixels].view(1, -1, 2, 3)
    weights = widths[cells, pixels].prod(dim=1)
    model = Categorical.from_logits(
        enumeration.logits[:, :2].expand(len(cells), -1, -1, -1),
        enumeration.palette[:, :2].expand(len(cells), -1, -1),
        learns_palette=True,
    )
    with torch.no_grad():
        estimate, _ = estimator.weigh(middles, model, cost, None, None)
    palette = estimate.grad_palette
    palette = torch.zeros((1, 2, 1)).double() if palette is None else palette
    return (
        torch.einsum("n,nkhw->khw", weights, estimate.grad_logits).unsqueeze(0),
        torch.einsum("n,nkc->kc", weights, palette.expand(len(cells), -1, -1)).unsqueeze(0),
    )


ANTITHETIC = [
    name
    for name, estimator in ESTIMATORS.classes.items()
    if estimator.is_unbiased and estimator.noise == "uniform"
]


@pytest.mark.parametrize("name", ANTITHETIC)
def test_antithetic_estimators_average_to_the_enumerated_gradient(name, enumeration, cost):
    estimator = ESTIMATORS.parse(name)
    for found, expected in zip(
        mean_estimate(estimator, enumeration, cost), truth(enumeration, cost), strict=True
    ):
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_a_wrong_weight_fails_the_same_test(enumeration, interacting):
    found, _ = mean_estimate(Wrong(), enumeration, interacting)
    expected, _ = truth(enumeration, interacting)
    assert (found - expected).abs().max() > 1e-3


def test_disarm_varies_less_than_arm(enumeration, interacting):
    model = Categorical.from_logits(
        enumeration.logits[:, :2].expand(20_000, -1, -1, -1),
        enumeration.palette[:, :2].expand(20_000, -1, -1),
    )
    variances = [
        estimator.estimate(model, interacting, torch.Generator().manual_seed(2))[0]
        .grad_logits.var(dim=0)
        .sum()
        for estimator in (Disarm(), ARM())
    ]
    assert variances[0] < variances[1]


def test_more_than_two_colors_are_refused(photo):
    with pytest.raises(AbilityError, match="`arm` needs a palette of 2 colors, got 16"):
        Problem(picture=photo, palette=named_palette("pico-8"), estimator=ARM())
