"""Colors of no probability, or less than rounding: all estimators stay finite and unbiased.

In two of 2 x 3 pixels some of five colors have the probability 0, a denormal one or another that is
below the rounding error of 1; the other pixels are decided. The few pictures that can be drawn are
enumerated, and where draws cannot be, their mean is tested by z-scores at a family level of 1e-6.
"""

import itertools
from dataclasses import replace

import pytest
import torch

from ditherlab.estimators import ESTIMATORS, RandomWindows
from ditherlab.objectives import ViewedError
from ditherlab.proofs.costs import BlackBox, InteractingCost
from ditherlab.protocol import Target
from ditherlab.protocol.categorical import Categorical

NUM_TRIALS = 5_000
FAMILY_LEVEL = 1e-6
HEIGHT, WIDTH = 2, 3
OPEN = (1, 5)

# Which of five colors share the probability of a pixel, and what each of the others has.
EMPTY = {
    torch.float32: (0.0, 1e-45, 3e-41, 4e-38, 1e-20, 1e-9),
    torch.float64: (0.0, 5e-324, 3e-310, 4e-308, 1e-100, 1e-18),
}


def probabilities(seed, num_colors, dtype):
    """Return probabilities `[1 k 2 3]` with empty colors, at least one between two others."""
    generator = torch.Generator().manual_seed(seed)

    def draw(count):
        return int(torch.randint(count, (), generator=generator))

    probs = torch.zeros((num_colors, HEIGHT * WIDTH), dtype=dtype)
    for pixel in range(HEIGHT * WIDTH):
        probs[draw(num_colors), pixel] = 1.0
    for pixel in OPEN:
        shown = torch.randperm(num_colors, generator=generator)[: 1 + draw(num_colors - 1)]
        if pixel == 1 and num_colors > 2:
            shown = torch.tensor([0, 2 + draw(num_colors - 2)])
        weights = torch.rand(len(shown), generator=generator, dtype=torch.float64) + 0.2
        column = torch.tensor(
            [EMPTY[dtype][draw(len(EMPTY[dtype]))] for _ in range(num_colors)], dtype=dtype
        )
        column[shown] = (weights / weights.sum()).to(dtype)
        probs[:, pixel] = column
    return probs.view(1, num_colors, HEIGHT, WIDTH)


def model_of(seed, num_colors=5, dtype=torch.float64):
    generator = torch.Generator().manual_seed(100 + seed)
    palette = torch.rand((1, num_colors, 1), generator=generator, dtype=torch.float64).to(dtype)
    return Categorical(probabilities(seed, num_colors, dtype), palette, learns_palette=True)


def repeat(model, num_copies):
    return Categorical(
        model.probs.expand(num_copies, -1, -1, -1),
        model.palette.expand(num_copies, -1, -1),
        learns_palette=True,
    )


def pictures_of(model, threshold=0.01):
    """Return all pictures of colors above a probability in the two pixels, and their chances."""
    columns = model.probs[0].flatten(1).T
    shown = [
        (column > (threshold if pixel in OPEN else 0)).nonzero().flatten().tolist()
        for pixel, column in enumerate(columns)
    ]
    pictures = torch.tensor(list(itertools.product(*shown))).view(-1, 1, HEIGHT, WIDTH)
    chances = model.probs.expand(len(pictures), -1, -1, -1).gather(1, pictures)
    return pictures, chances.prod(dim=3).prod(dim=2)


def truth(model, cost):
    """Return the gradient `sum_x p(x) f(x) (onehot(x) - p)`."""
    pictures, chances = pictures_of(model)
    weights = chances * cost.cost(model.images(pictures))
    return model.weigh_scores(pictures, weights[:, :, None, None].expand(pictures.shape))


def mean_over_draws(estimator, model, cost):
    """Weigh all draws with their chances, also those that never happen."""
    pictures, chances = pictures_of(model, threshold=-1.0)
    num_samples = estimator.num_draws
    places = torch.cartesian_prod(*[torch.arange(len(pictures))] * num_samples)
    places = places.view(-1, num_samples).T
    draws = pictures[:, 0][places]
    with torch.no_grad():
        estimate, _ = estimator.weigh(draws, repeat(model, places.shape[1]), cost, None, None)
    weights = chances[:, 0][places].prod(dim=0)
    return torch.einsum("n,nkhw->khw", weights, estimate.grad_logits).unsqueeze(0)


def fewest_samples(estimator):
    try:
        return replace(estimator, num_samples=1)
    except ValueError:
        return replace(estimator, num_samples=2)


def num_colors_for(estimator):
    return estimator.num_colors or (3 if estimator.max_num_pictures else 5)


def costs_for(estimator, dtype=torch.float64, num_copies=1):
    """Return the costs that fit; the exact expectation of the last one is that of each copy."""
    images = torch.linspace(0.1, 0.9, HEIGHT * WIDTH).to(dtype).view(1, 1, HEIGHT, WIDTH)
    images = images.expand(num_copies, -1, -1, -1)
    viewed = ViewedError(blur_px=0.4).bind(
        Target(images, torch.ones_like(images, dtype=torch.bool))
    )
    costs = [InteractingCost(), BlackBox(), viewed]
    return [cost for cost in costs if estimator.needs <= cost.abilities]


ALL = [
    *ESTIMATORS.names_and_compositions,
    "leave-one-out(credit=local, control=muprop)",
    "pairwise(credit=local)",
    "carms(num_samples=2, credit=local)",
    "arsm(credit=local)",
    "rebar(credit=local)",
    "rao-blackwell(num_top=1, pricing=phases)",
    "measure-valued(pricing=phases)",
    "local-expectation(order=2)",
    "stochastic-triples(order=palette)",
    "stochastic-triples(order=palette, pricing=phases)",
    "stochastic-triples(pruning=pixel)",
    "stochastic-triples(pruning=picture)",
]
LISTED = [
    name
    for name in ALL
    if ESTIMATORS.parse(name).is_unbiased and ESTIMATORS.parse(name).noise == "indices"
]
SAMPLED = [
    name
    for name in ALL
    if ESTIMATORS.parse(name).is_unbiased
    and ESTIMATORS.parse(name).noise not in ("indices", "none")
    and not isinstance(ESTIMATORS.parse(name), RandomWindows)
]
CERTAIN = [
    name
    for name in ALL
    if ESTIMATORS.parse(name).is_unbiased and ESTIMATORS.parse(name).noise == "none"
]
SEEDS = range(5)


@pytest.mark.parametrize("name", LISTED)
def test_the_mean_over_all_draws_is_the_gradient(name):
    estimator = fewest_samples(ESTIMATORS.parse(name))
    for seed, dtype in itertools.product(SEEDS, EMPTY):
        model = model_of(seed, dtype=dtype)
        tolerance = 1e-9 if dtype == torch.float64 else 2e-4
        for cost in costs_for(estimator, dtype):
            found, expected = mean_over_draws(estimator, model, cost), truth(model, cost)
            torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", SAMPLED)
def test_the_mean_of_many_draws_is_the_gradient(name):
    estimator = ESTIMATORS.parse(name)
    num_trials = NUM_TRIALS if estimator.max_num_pictures is None else NUM_TRIALS // 5
    tail = 1 - (1 - FAMILY_LEVEL) ** (1 / (len(SAMPLED) * len(SEEDS) * 30))
    limit = torch.distributions.Normal(0.0, 1.0).icdf(torch.tensor(1 - tail / 2).double())
    for seed in SEEDS:
        model = model_of(seed, num_colors_for(estimator))
        cost = costs_for(estimator)[0]
        generator = torch.Generator().manual_seed(seed)
        estimate, _ = estimator.estimate(repeat(model, num_trials), cost, generator)
        trials = estimate.grad_logits
        error = trials.std(dim=0) / num_trials**0.5
        z = (trials.mean(dim=0) - truth(model, cost)) / error.clamp_min(1e-9)
        assert z.abs().max() < limit


@pytest.mark.parametrize("name", CERTAIN)
def test_without_draws_the_gradient_is_exact(name):
    estimator = ESTIMATORS.parse(name)
    num_colors = num_colors_for(estimator)
    for seed in SEEDS:
        model = model_of(seed, num_colors)
        for cost in costs_for(estimator):
            estimate, _ = estimator.estimate(model, cost, torch.Generator())
            torch.testing.assert_close(estimate.grad_logits, truth(model, cost))


@pytest.mark.parametrize("name", ALL)
def test_all_estimates_are_finite(name):
    estimator = ESTIMATORS.parse(name)
    num_colors = num_colors_for(estimator)
    for seed, dtype in itertools.product(SEEDS, EMPTY):
        model = model_of(seed, num_colors, dtype)
        for cost in costs_for(estimator, dtype, num_copies=8):
            generator = torch.Generator().manual_seed(seed)
            estimate, _ = estimator.estimate(repeat(model, 8), cost, generator)
            assert estimate.value.isfinite().all()
            assert estimate.grad_logits.isfinite().all()
            assert estimate.grad_palette is None or estimate.grad_palette.isfinite().all()
