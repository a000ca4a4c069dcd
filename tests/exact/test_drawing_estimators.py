"""Estimators that draw indices: the mean over all draws is the enumerated gradient, to 1e-12."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor

from ditherlab.estimators import ESTIMATORS, ST, LeaveOneOut, ScoreFunction, drawn
from ditherlab.estimators.enumeration import log_chances
from ditherlab.estimators.linstat import LinearizedCost
from ditherlab.estimators.score_function import MovingBaseline
from ditherlab.objectives import Variance
from ditherlab.proofs.proof import with_fewest_samples
from ditherlab.protocol import Cost, Estimate, Target
from ditherlab.protocol.categorical import Categorical

TOLERANCE = 1e-12


def assert_same(actual: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(actual, expected, rtol=TOLERANCE, atol=TOLERANCE)


UNBIASED = [
    name
    for name in [
        *ESTIMATORS.names_and_compositions,
        "muprop",
        "score-function(credit=local)",
        "score-function(control=linstat)",
        "score-function(credit=local, control=linstat)",
        "leave-one-out(control=linstat)",
        "leave-one-out(credit=local, control=muprop)",
        "pairwise(credit=local)",
        "local-expectation(pricing=phases)",
        "stochastic-triples(pricing=phases)",
        "stochastic-triples(order=palette)",
    ]
    if ESTIMATORS.parse(name).is_unbiased and ESTIMATORS.parse(name).noise == "indices"
]


@pytest.mark.parametrize("name", UNBIASED)
def test_unbiased_estimators_average_to_the_enumerated_gradient(name, enumeration):
    estimator = with_fewest_samples(ESTIMATORS.parse(name))
    for cost in enumeration.costs_for(estimator).values():
        truth = enumeration.truth(cost)
        mean = enumeration.mean_estimate(estimator, cost, estimator.num_samples)
        assert_same(mean.value, truth.value)
        assert_same(mean.grad_logits, truth.grad_logits)
        assert_same(mean.grad_palette, truth.grad_palette)


def test_too_small_a_footprint_fails_the_same_test(enumeration, windowed, monkeypatch):
    monkeypatch.setattr(type(windowed), "footprint_px", 0)
    estimator = ScoreFunction(num_samples=1, credit="local")
    mean = enumeration.mean_estimate(estimator, windowed, 1)
    with pytest.raises(AssertionError):
        assert_same(mean.grad_logits, enumeration.truth(windowed).grad_logits)


def test_a_control_without_its_gradient_fails_the_same_test(enumeration, windowed, monkeypatch):
    monkeypatch.setattr(drawn, "apply_softmax_jacobian", lambda probs, _: torch.zeros_like(probs))
    estimator = LeaveOneOut(num_samples=2, control="linstat")
    mean = enumeration.mean_estimate(estimator, windowed, 2)
    with pytest.raises(AssertionError):
        assert_same(mean.grad_logits, enumeration.truth(windowed).grad_logits)


def test_linstat_has_no_variance_where_the_cost_is_linear_in_its_statistics(enumeration):
    opaque = torch.ones((1, 1, 2, 3), dtype=torch.bool)
    target = Target(torch.full((1, 1, 2, 3), 0.4, dtype=torch.float64), opaque)
    cost = Variance(c=1).bind(target)
    model = Categorical.from_logits(enumeration.logits, enumeration.palette)
    estimate, _ = ESTIMATORS.parse("linstat").estimate(model, cost, torch.Generator())
    assert_same(estimate.grad_logits, enumeration.truth(cost).grad_logits)


@pytest.mark.parametrize("baseline", ["none", "ema"])
def test_muprop_leaves_no_variance_where_the_cost_is_linear(baseline, enumeration, linear):
    """Not even to the score function without a baseline, which keeps what a constant leaves."""
    estimator = ScoreFunction(num_samples=1, baseline=baseline, control="muprop")
    draws = enumeration.pictures.unsqueeze(0)
    estimate, _ = estimator.weigh(draws, enumeration.repeat(draws.shape[1]), linear, None, None)
    expected = enumeration.truth(linear).grad_logits
    assert_same(estimate.grad_logits, expected.expand_as(estimate.grad_logits))


def test_the_linearized_cost_has_mean_zero_in_every_window(enumeration, windowed):
    model = enumeration.model
    table = windowed.color_moments(model.palette)
    linearized = LinearizedCost.around(model, windowed, table)
    pictures = enumeration.pictures.unsqueeze(1)
    moments = Categorical(model.probs, table.mT).images(pictures)
    chances = log_chances(pictures, model.log_probs).exp()
    mean = (chances[:, :, None, None] * linearized.cost_map(windowed.statistics(moments))).sum(0)
    assert_same(mean, torch.zeros_like(mean))


def test_a_moving_baseline_of_past_costs_keeps_the_score_function_unbiased(enumeration, cost):
    estimator = ScoreFunction(num_samples=1, baseline="ema")
    past = MovingBaseline(torch.full((1, 2, 3), 4.0, dtype=torch.float64), 0.5)
    mean = enumeration.mean_estimate(estimator, cost, 1, past)
    assert_same(mean.grad_logits, enumeration.truth(cost).grad_logits)


def test_straight_through_is_exact_for_a_linear_cost(enumeration, linear):
    mean = enumeration.mean_estimate(ST(num_samples=1), linear, 1)
    truth = enumeration.truth(linear)
    assert_same(mean.grad_logits, truth.grad_logits)
    assert_same(mean.grad_palette, truth.grad_palette)


def test_straight_through_is_biased_where_the_cost_bends(enumeration, interacting):
    mean = enumeration.mean_estimate(ST(num_samples=1), interacting, 1)
    truth = enumeration.truth(interacting)
    assert (mean.grad_logits - truth.grad_logits).abs().max() > 1e-3
    assert_same(mean.grad_palette, truth.grad_palette)


@pytest.mark.parametrize("name", ESTIMATORS.names_and_compositions)
def test_the_gradient_of_the_logits_sums_to_zero_over_the_colors(name, enumeration):
    estimator = ESTIMATORS.parse(name)
    model = enumeration.keep_colors(estimator.num_colors).model
    for cost in enumeration.costs_for(estimator).values():
        estimate, _ = estimator.estimate(model, cost, torch.Generator().manual_seed(1))
        assert_same(estimate.grad_logits.sum(dim=1), torch.zeros_like(estimate.grad_logits[:, 0]))


@dataclass(frozen=True)
class OwnCostInBaseline(LeaveOneOut):
    """Wrong: the mean baseline holds the draw's own cost, which shrinks the gradient by 1 / N."""

    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        estimate, _ = super().weigh(draws, model, cost, state, temperature)
        gradient = estimate.grad_logits * (self.num_samples - 1) / self.num_samples
        return replace(estimate, logit_gradient=gradient), None


@dataclass(frozen=True)
class PresentCostInBaseline(ScoreFunction):
    """Wrong: the moving baseline already holds the present cost."""

    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        value = cost.cost(model.images(draws)).mean(dim=0)[:, None, None]
        return super().weigh(draws, model, cost, state.include(value, self.decay), temperature)


@dataclass(frozen=True)
class WithoutPaletteTerm(ScoreFunction):
    """Wrong: the second of the two terms is left out."""

    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        estimate, _ = super().weigh(draws, model, cost, state, temperature)
        return replace(estimate, grad_palette=None), None


@pytest.mark.parametrize(
    ("wrong", "num_samples", "state"),
    [
        (OwnCostInBaseline(num_samples=2), 2, None),
        (
            PresentCostInBaseline(num_samples=1, baseline="ema"),
            1,
            MovingBaseline(torch.full((1, 2, 3), 4.0, dtype=torch.float64), 0.5),
        ),
    ],
    ids=["own cost in baseline", "present cost in baseline"],
)
def test_wrong_baselines_fail_the_same_test(wrong, num_samples, state, enumeration, interacting):
    mean = enumeration.mean_estimate(wrong, interacting, num_samples, state)
    with pytest.raises(AssertionError):
        assert_same(mean.grad_logits, enumeration.truth(interacting).grad_logits)


def test_a_missing_palette_term_fails_the_same_test(enumeration, interacting):
    mean = enumeration.mean_estimate(WithoutPaletteTerm(num_samples=1), interacting, 1)
    with pytest.raises(AssertionError):
        assert_same(mean.grad_palette, enumeration.truth(interacting).grad_palette)
