"""The second order of SSIM's expectation is refused where one pixel fills a window."""

import pytest
import torch

from ditherlab.errors import AbilityError
from ditherlab.estimators import ESTIMATORS, Exact, Moments
from ditherlab.objectives import SSIM, parse_objective
from ditherlab.palette import named_palette
from ditherlab.protocol import Target
from ditherlab.protocol.categorical import Categorical
from ditherlab.recipe import Shorthands, default_recipe
from tests.solving import problem_of

SECOND_ORDER = ["moments", "local-expectation(order=2)"]


def prepare(photo, objective, words):
    """Return the recipe of a descent with an estimator, or refuse it."""
    problem = problem_of(photo, palette=named_palette("gray-4"), objective=objective)
    return default_recipe(problem, Shorthands(estimator=ESTIMATORS.parse(words)))


@pytest.mark.parametrize("sigma", [0.3, 0.45, 0.6, 0.75, 0.9, 0.999])
@pytest.mark.parametrize("words", SECOND_ORDER)
@pytest.mark.parametrize("pattern", ["ssim(sigma={})", "0.5*ssim(sigma={})+variance(c=1)"])
def test_small_windows_are_refused_with_advice(sigma, words, pattern, photo):
    advice = "moments(order=0)" if words == "moments" else "local-expectation"
    objective = parse_objective(pattern.format(sigma))
    with pytest.raises(AbilityError, match="sigma below 1 are too small to expand") as refused:
        prepare(photo, objective, words)
    assert f"What works: `{advice}`, " in str(refused.value)
    prepare(photo, objective, advice)


@pytest.mark.parametrize("sigma", [1.0, 1.5, 3.0])
@pytest.mark.parametrize("words", SECOND_ORDER)
def test_larger_windows_are_not(sigma, words, photo):
    assert prepare(photo, SSIM(sigma), words)


def test_a_gradient_of_second_order_is_worse_than_none_in_small_windows():
    """Of a dark picture with few white dots; 512 pictures of 3 x 3 pixels give the truth."""
    images = torch.linspace(0.0, 0.4, 9).double().view(1, 1, 3, 3)
    palette = torch.tensor([[[0.0], [1.0]]]).double()
    distances = (images - palette.view(1, 2, 1, 1)).square()
    model = Categorical.from_logits(-12 * distances, palette)
    cost = SSIM(0.4).bind(Target(images, torch.ones_like(images, dtype=torch.bool)))
    truth, *found = (
        estimator.estimate(model, cost, torch.Generator())[0].grad_logits
        for estimator in (Exact(), Moments(order=0), Moments(order=2))
    )
    of_order_0, of_order_2 = ((gradient - truth).norm() / truth.norm() for gradient in found)
    assert of_order_0 < 1 < of_order_2
