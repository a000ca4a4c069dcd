"""Options around every estimator, and estimators where nearly nothing is left to chance."""

import pytest
import torch

from ditherlab.errors import AbilityError, DitherlabError, RequestError
from ditherlab.estimators import (
    ESTIMATORS,
    CommonRandomNumbers,
    RandomSparsification,
    RandomWindows,
)
from ditherlab.objectives import parse_objective
from ditherlab.protocol import Target
from ditherlab.protocol.categorical import Categorical


@pytest.fixture
def target():
    images = torch.rand((1, 3, 3, 3), generator=torch.Generator().manual_seed(2))
    return Target(images, torch.ones((1, 1, 3, 3), dtype=torch.bool))


def model_of(estimator, scale, num_pictures=1):
    num_colors = estimator.num_colors or 3
    num_colors = 2 if estimator.max_num_pictures is not None else num_colors
    generator = torch.Generator().manual_seed(5)
    logits = scale * torch.randn((1, num_colors, 3, 3), generator=generator)
    palette = torch.rand((1, num_colors, 3), generator=generator)
    logits, palette = logits.expand(num_pictures, -1, -1, -1), palette.expand(num_pictures, -1, -1)
    return Categorical.from_logits(logits, palette, learns_palette=True)


@pytest.mark.parametrize("scale", [1.0, 10.0, 60.0])
@pytest.mark.parametrize("name", ESTIMATORS.names_and_compositions)
def test_estimates_are_finite_however_decided_the_pixels_are(name, scale, target):
    estimator = ESTIMATORS.parse(name)
    eight = Target(target.images.expand(8, -1, -1, -1), target.opaque.expand(8, -1, -1, -1))
    cost = parse_objective("viewed-error(blur_px=0.4)").bind(eight)
    model = model_of(estimator, scale, num_pictures=8)
    estimate, _ = estimator.estimate(model, cost, torch.Generator().manual_seed(0))
    assert estimate.grad_logits.isfinite().all()
    assert estimate.value.isfinite().all()


@pytest.mark.parametrize(
    "name", ["pairwise", "stochastic-triples", "stochastic-triples(order=palette)"]
)
def test_a_color_of_no_chance_that_rounding_drew_has_no_weight(name, target):
    estimator = ESTIMATORS.parse(name)
    cost = parse_objective("viewed-error").bind(target)
    probs = torch.tensor([0.5, 0.5, 0.0]).view(1, 3, 1, 1).expand(-1, -1, 3, 3).clone()
    model = Categorical(probs, torch.rand((1, 3, 3)))
    draws = torch.full((estimator.num_samples, 1, 3, 3), 2)
    draws[0] = 1
    with torch.no_grad():
        estimate, _ = estimator.weigh(draws, model, cost, None, None)
    assert estimate.grad_logits.isfinite().all()


@pytest.mark.parametrize("option", [CommonRandomNumbers, RandomWindows, RandomSparsification])
@pytest.mark.parametrize("name", list(ESTIMATORS.classes))
def test_an_option_goes_around_every_estimator_or_says_why_not(option, name, target):
    try:
        estimator = option(ESTIMATORS.parse(name))
    except DitherlabError as error:
        assert "must be" in str(error)
        return
    cost = parse_objective("viewed-error(blur_px=0.4)").bind(target)
    estimate, state = estimator.estimate(model_of(estimator, 1.0), cost, torch.Generator())
    again, _ = estimator.estimate(model_of(estimator, 1.0), cost, torch.Generator(), state)
    assert again.grad_logits.shape == estimate.grad_logits.shape
    assert estimator.is_relaxation == ESTIMATORS.parse(name).is_relaxation


def test_options_refuse_what_they_cannot_be_around():
    with pytest.raises(AbilityError, match="must be around an estimator, got another option"):
        CommonRandomNumbers(RandomWindows())
    with pytest.raises(AbilityError, match=r"must be an estimator that draws .*got `moments`"):
        ESTIMATORS.parse("random-windows(estimator=moments)")
    with pytest.raises(AbilityError, match="each pixel of a picture of any size by itself"):
        ESTIMATORS.parse("random-windows(estimator=stochastic-triples(pruning=picture))")
    with pytest.raises(RequestError, match=r"pricing=\.\.\.\)` must be left out .* got phases"):
        ESTIMATORS.parse("stochastic-triples(pruning=picture, pricing=phases)")
    with pytest.raises(RequestError, match=r"noise_seed=\.\.\.\)` must be from 0 to 2\^63 - 1"):
        ESTIMATORS.parse("common-random-numbers(noise_seed=9999999999999999999)")
    with pytest.raises(RequestError, match="must be above 0, got 0"):
        ESTIMATORS.parse("random-windows(num_strips=0)")
    with pytest.raises(AbilityError, match=r"got `leave-one-out.*no backward pass"):
        ESTIMATORS.parse("random-sparsification(estimator=linstat)")
    with pytest.raises(RequestError, match=r"must be above 0 and at most 1, got 1\.5"):
        ESTIMATORS.parse("random-sparsification(keep=1.5)")


def test_frozen_noise_gives_the_same_estimate_at_every_step(target):
    estimator = ESTIMATORS.parse("common-random-numbers(estimator=gumbel-softmax)")
    cost = parse_objective("viewed-error").bind(target)
    model = model_of(estimator, 1.0)
    first, second = (
        estimator.estimate(model, cost, torch.Generator().manual_seed(seed))[0] for seed in (1, 2)
    )
    assert torch.equal(first.grad_logits, second.grad_logits)
