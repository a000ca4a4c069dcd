"""Estimators whose draws cannot be enumerated: z-tests of their mean against the true gradient.

The trials lie on the batch axis. Every component of both gradients is tested, at a family level of
1e-6 after Sidak's correction; the seed is fixed, so that a test cannot flake.
"""

import itertools
from dataclasses import replace

import pytest
import torch

from ditherlab.estimators import (
    ARSM,
    CARMS,
    ESTIMATORS,
    LeaveOneOut,
    MeasureValued,
    RandomWindows,
    RaoBlackwell,
    Rebar,
    Relax,
    UnorderedSet,
    carms,
    measure_valued,
    rao_blackwell,
)
from ditherlab.estimators.coupled_scores import CoupledScores
from ditherlab.estimators.enumeration import log_chances
from ditherlab.estimators.random_windows import StripDraws
from ditherlab.estimators.relax import Surrogate
from ditherlab.estimators.unordered_set import LeaveOneOutRatios
from ditherlab.proofs.proof import NUM_TRIALS, largest_z_score

SAMPLED = [
    name
    for name in [
        *ESTIMATORS.names_and_compositions,
        "arsm(credit=local)",
        "carms(num_samples=2)",
        "carms(num_samples=3, credit=local)",
        "rebar(credit=local, eta=0.7, tau=0.3)",
        "rebar(num_samples=2)",
        "relax(num_samples=3)",
        "measure-valued(pricing=phases)",
        "rao-blackwell(pricing=phases, num_top=1)",
        "rao-blackwell(num_top=5)",
        "stochastic-triples(pruning=pixel, order=palette)",
        "stochastic-triples(pruning=picture)",
        "random-sparsification(estimator=rebar, keep=0.4)",
        "random-sparsification(estimator=muprop, keep=0.4)",
    ]
    for estimator in [ESTIMATORS.parse(name)]
    # The strip is the same for all trials of a batch; the test further down enumerates it.
    if estimator.is_unbiased
    and estimator.noise not in ("indices", "none")
    and not isinstance(estimator, RandomWindows)
]


def largest_z(estimator, enumeration, cost):
    num_trials = NUM_TRIALS if estimator.max_num_pictures is None else NUM_TRIALS // 20
    return largest_z_score(estimator, enumeration, cost, num_trials)


@pytest.mark.parametrize("name", SAMPLED)
def test_unbiased_estimators_have_the_enumerated_mean(name, enumeration):
    estimator = ESTIMATORS.parse(name)
    problem = enumeration.keep_colors(estimator.num_colors)
    for cost_name, cost in problem.costs_for(estimator).items():
        z, limit = largest_z(estimator, problem, cost)
        assert z < limit, cost_name


def assert_that_it_fails(estimator, enumeration, cost):
    z, limit = largest_z(estimator, enumeration, cost)
    assert z > limit


def test_swaps_without_the_unswapped_picture_fail(enumeration, interacting, monkeypatch):
    price_swaps = ARSM._price_swaps

    def forget_unswapped(*arguments):
        costs = price_swaps(*arguments)
        return costs * (1 - torch.eye(3).view(3, 3, 1, 1, 1))

    monkeypatch.setattr(ARSM, "_price_swaps", forget_unswapped)
    assert_that_it_fails(ARSM(), enumeration, interacting)


def test_ratios_of_improbable_colors_stay_sane():
    """A pixel that is all but sure; the colors that it hardly shows meet any other."""
    logits = torch.tensor([12.0, 0.0, 0.5, -3.0]).view(1, 4, 1, 1)
    probs = logits.softmax(dim=1)
    for a, b in itertools.permutations(range(4), 2):
        first, second = (torch.full((1, 1, 1), color) for color in (a, b))
        single, double = (
            carms._independence_ratio(first, second, carms.DirichletCopula(4), p)
            for p in (probs, logits.double().softmax(dim=1))
        )
        assert 0.01 < double.item() < 100
        torch.testing.assert_close(single.double(), double, rtol=1e-3, atol=0)


def test_coupled_draws_taken_for_independent_fail(enumeration, interacting, monkeypatch):
    monkeypatch.setattr(
        carms, "_independence_ratio", lambda a, b, copula, probs: (a != b).to(probs.dtype)
    )
    assert_that_it_fails(CARMS(), enumeration, interacting)


def test_conditional_noise_that_follows_the_logits_freely_fails(
    enumeration, interacting, monkeypatch
):
    couple = CoupledScores.of

    def follow_freely(*arguments):
        scores = couple(*arguments)
        return replace(scores, follow=torch.ones_like(scores.follow))

    monkeypatch.setattr(CoupledScores, "of", follow_freely)
    assert_that_it_fails(Rebar(), enumeration, interacting)


@pytest.fixture
def bold_surrogate(monkeypatch):
    """A network that has learned something large, right or wrong."""
    start = Surrogate.start

    def start_boldly(like, num_channels):
        timid = start(like, num_channels)
        return replace(timid, weights=tuple(20 * weight for weight in timid.weights))

    monkeypatch.setattr(Surrogate, "start", start_boldly)


@pytest.mark.usefixtures("bold_surrogate")
def test_a_surrogate_may_be_any(enumeration, interacting):
    z, limit = largest_z(Relax(), enumeration, interacting)
    assert z < limit


@pytest.mark.usefixtures("bold_surrogate")
def test_a_surrogate_without_its_gradient_fails(enumeration, interacting, monkeypatch):
    monkeypatch.setattr(CoupledScores, "to_logits", lambda self, free, given: 0 * self.probs)
    assert_that_it_fails(Relax(), enumeration, interacting)


def test_a_negative_measure_with_the_color_itself_fails(enumeration, interacting, monkeypatch):
    def draw_with(color, uniform, probs):
        return (uniform.unsqueeze(2) >= probs.cumsum(dim=1)).sum(dim=2).clamp_max(2)

    monkeypatch.setattr(measure_valued, "_draw_without", draw_with)
    assert_that_it_fails(MeasureValued(pricing="phases"), enumeration, interacting)


def test_a_rest_of_the_wrong_weight_fails(enumeration, interacting, monkeypatch):
    monkeypatch.setattr(
        rao_blackwell, "_chances", lambda indices, model: 0.5 * torch.ones_like(indices).double()
    )
    assert_that_it_fails(RaoBlackwell(pricing="phases"), enumeration, interacting)


EXACT = [
    name
    for name in ESTIMATORS.names_and_compositions
    if ESTIMATORS.parse(name).is_unbiased and ESTIMATORS.parse(name).noise == "none"
]


@pytest.mark.parametrize("name", EXACT)
def test_estimators_without_noise_give_the_enumerated_gradient(name, enumeration):
    estimator = ESTIMATORS.parse(name)
    for cost in enumeration.costs_for(estimator).values():
        estimate, _ = estimator.estimate(enumeration.model, cost, torch.Generator())
        truth = enumeration.truth(cost)
        torch.testing.assert_close(estimate.value[0], truth.value, rtol=1e-12, atol=0)
        for found, expected in (
            (estimate.grad_logits, truth.grad_logits),
            (estimate.grad_palette, truth.grad_palette),
        ):
            if found is not None:
                torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def mean_over_orders(estimator, problem, cost):
    """Weigh every order in which three of the 27 pictures of three pixels can be drawn."""
    orders = torch.tensor(list(itertools.permutations(range(27), 3))).T
    chances = log_chances(problem.pictures.unsqueeze(1), problem.model.log_probs)[:, 0].exp()
    drawn = chances[orders]
    left = 1 - torch.cat([torch.zeros_like(drawn[:1]), drawn.cumsum(dim=0)[:-1]])
    weights = (drawn / left).prod(dim=0)
    model = problem.repeat(orders.shape[1])
    with torch.no_grad():
        estimate, _ = estimator.weigh(problem.pictures[orders], model, cost, None, None)
    return problem.mean(estimate, weights)


def test_unordered_sets_average_to_the_enumerated_gradient(enumeration, interacting):
    problem = replace(enumeration, logits=enumeration.logits[:, :, :1])
    mean = mean_over_orders(UnorderedSet(num_samples=3), problem, interacting)
    truth = problem.truth(interacting)
    for name in ("value", "grad_logits", "grad_palette"):
        torch.testing.assert_close(
            getattr(mean, name), getattr(truth, name), rtol=1e-12, atol=1e-12
        )


def test_a_set_weighed_as_if_drawn_with_replacement_fails(enumeration, interacting, monkeypatch):
    ratios = LeaveOneOutRatios.of

    def with_replacement(log_chances):
        first = 1 / (len(log_chances) * log_chances.exp())
        return replace(ratios(log_chances), first=first)

    monkeypatch.setattr(LeaveOneOutRatios, "of", with_replacement)
    problem = replace(enumeration, logits=enumeration.logits[:, :, :1])
    mean = mean_over_orders(UnorderedSet(num_samples=3), problem, interacting)
    assert (mean.grad_logits - problem.truth(interacting).grad_logits).abs().max() > 1e-3


@pytest.mark.parametrize("asked", [1, 2, 3])
def test_strips_of_windows_average_to_the_whole(asked, enumeration, windowed):
    inner = LeaveOneOut(num_samples=2, credit="local")
    estimator = RandomWindows(inner, num_strips=asked)
    draws = enumeration.model.draw_indices(2, torch.Generator().manual_seed(4))
    whole, _ = inner.weigh(draws, enumeration.model, windowed, None, None)
    num_strips = min(asked, 2)  # There are no more rows.
    strips = [
        estimator.weigh(StripDraws(strip, draws), enumeration.model, windowed, None, None)[0]
        for strip in range(num_strips)
    ]
    for name in ("value", "grad_logits", "grad_palette"):
        mean = sum(getattr(strip, name) for strip in strips) / num_strips
        torch.testing.assert_close(mean, getattr(whole, name), rtol=1e-12, atol=1e-12)
