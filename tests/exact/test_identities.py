"""Estimators that must agree: with one another, with brute force, with a closed form."""

from dataclasses import dataclass
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from ditherlab.estimators import (
    ESTIMATORS,
    ST,
    LeaveOneOut,
    LocalExpectation,
    Moments,
    Pairwise,
    RaoBlackwell,
)
from ditherlab.estimators.linstat import LinearizedCost
from ditherlab.estimators.replacements import all_color_changes
from ditherlab.objectives import parse_objective
from ditherlab.protocol import Ability, Cost, Target, apply_softmax_jacobian, rows_seen
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import CostMap, DrawCosts, DrawnImages, MomentTable, Statistics

OBJECTIVES = [
    "ssim(sigma=0.4)",
    "viewed-error",
    "viewed-ssim(blur_px=0.4, sigma=0.3, contrast=1)",
    "variance(c=1)",
    "variance(c=1)+0.3*ssim(sigma=0.4)+viewed-error(blur_px=0.3)",
]
WITH_STATISTICS = [words for words in OBJECTIVES if "viewed-ssim" not in words]
HEIGHT, WIDTH = 9, 8


@dataclass(frozen=True, eq=False)
class CurvedWindows(Cost):
    """A curved function of sums of x alone."""

    abilities: frozenset[Ability] = frozenset({"value", "gradient", "local", "statistics"})

    @property
    def footprint_px(self) -> int:
        return 1

    def cost(self, images: DrawnImages) -> DrawCosts:
        return self.map_from_statistics(self.gather(images)).sum(dim=(2, 3))

    def color_moments(self, palette: Tensor) -> MomentTable:
        return palette.mT

    def features(self, moments: Statistics) -> Statistics:
        return moments

    def gather(self, features: Statistics) -> Statistics:
        flat = features.flatten(0, 1)
        sums = torch.nn.functional.avg_pool2d(flat, 3, 1, 1, divisor_override=1)
        return sums.view(features.shape)

    def map_from_statistics(self, statistics: Statistics) -> CostMap:
        return 2 + statistics.sin().mean(dim=2)


@pytest.fixture
def target():
    generator = torch.Generator().manual_seed(2)
    images = torch.rand((1, 3, HEIGHT, WIDTH), generator=generator, dtype=torch.float64)
    opaque = torch.ones((1, 1, HEIGHT, WIDTH), dtype=torch.bool)
    opaque[0, 0, 2, 3] = opaque[0, 0, 8, 0] = False
    return Target(images, opaque)


@pytest.fixture
def model():
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn((1, 4, HEIGHT, WIDTH), generator=generator, dtype=torch.float64)
    palette = torch.rand((1, 4, 3), generator=generator, dtype=torch.float64)
    return Categorical.from_logits(logits, palette, learns_palette=True)


@pytest.fixture
def draws(model, generator):
    return model.draw_indices(2, generator)


def assert_same(found, expected):
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


def weigh(estimator, draws, model, cost):
    with torch.no_grad():
        return estimator.weigh(draws, model, cost, None, None)[0]


@pytest.mark.parametrize("words", OBJECTIVES)
def test_pricing_in_phases_is_brute_force(words, model, target, draws):
    cost = parse_objective(words).bind(target)
    changes = all_color_changes(draws, model, cost, "phases")
    before = cost.cost(model.images(draws))
    for row, column in [(0, 0), (2, 3), (4, 5), (8, 7)]:
        for color in range(4):
            replaced = draws.clone()
            replaced[:, :, row, column] = color
            gain = cost.cost(model.images(replaced)) - before
            assert_same(changes[:, :, color, row, column], gain)


@pytest.mark.parametrize("words", WITH_STATISTICS)
def test_the_closed_form_is_pricing_in_phases(words, model, target, draws):
    cost = parse_objective(words).bind(target)
    closed = all_color_changes(draws, model, cost, "closed")
    assert_same(closed, all_color_changes(draws, model, cost, "phases"))
    assert closed.abs().max() > 1e-4


@pytest.mark.parametrize("words", WITH_STATISTICS)
def test_the_weights_of_a_window_are_its_gathering(words, target):
    cost = parse_objective(words).bind(target)
    features = torch.rand((1, 1, cost.num_statistics, HEIGHT, WIDTH), dtype=torch.float64)
    gathered = torch.zeros_like(features)
    radius = cost.footprint_px
    padded = torch.nn.functional.pad(features, (radius,) * 4)
    for rows in range(-radius, radius + 1):
        for columns in range(-radius, radius + 1):
            seen = padded[..., radius + rows :, radius + columns :][..., :HEIGHT, :WIDTH]
            gathered += seen * cost.window_weights(rows, columns)
    assert_same(gathered, cost.gather(features))


@pytest.mark.parametrize("words", OBJECTIVES)
@pytest.mark.parametrize("cuts", [(0, 3, 9), (0, 1, 8, 9), (0, 9)])
def test_a_cost_is_the_sum_of_its_strips(words, cuts, model, target, draws):
    cost = parse_objective(words).bind(target)
    images = model.images(draws)
    total = 0
    for first, last in pairwise(cuts):
        rows = range(first, last)
        part = cost.restrict(rows, cost.footprint_px)
        seen = rows_seen(rows, cost.footprint_px, HEIGHT)
        total = total + part.cost(images[..., seen, :])
    assert_same(total, cost.cost(images))


@pytest.mark.parametrize("words", ["viewed-error", "variance(c=1)"])
def test_a_strip_of_an_exact_expectation_is_exact(words, model, target):
    cost = parse_objective(words).bind(target)
    total = 0
    for rows in (range(4), range(4, 9)):
        seen = rows_seen(rows, cost.footprint_px, HEIGHT)
        part = cost.restrict(rows, cost.footprint_px)
        total = total + part.expected(model.probs[:, :, seen], model.palette)
    assert_same(total, cost.expected(model.probs, model.palette))


def test_second_order_local_expectation_is_exact_for_squared_errors(model, target, draws):
    cost = parse_objective("viewed-error").bind(target)
    exact, first, second = (
        weigh(LocalExpectation(2, order=order), draws, model, cost) for order in ("exact", 1, 2)
    )
    assert_same(second.grad_logits, exact.grad_logits)
    assert_same(second.grad_palette, exact.grad_palette)
    assert (first.grad_logits - exact.grad_logits).abs().max() > 1e-6


def test_straight_through_is_first_order_local_expectation_in_the_pixels(model, draws):
    cost = CurvedWindows()
    expanded = weigh(LocalExpectation(2, order=1), draws, model, cost)
    assert_same(expanded.grad_logits, weigh(ST(2), draws, model, cost).grad_logits)


def test_moments_are_local_expectation_where_the_expectation_is_exact(enumeration):
    cost = parse_objective("viewed-error").bind(
        Target(torch.full((1, 1, 2, 3), 0.4).double(), torch.ones((1, 1, 2, 3), dtype=torch.bool))
    )
    mean = enumeration.mean_estimate(LocalExpectation(1), cost, 1)
    moments = weigh(Moments(), torch.empty(0), enumeration.model, cost)
    assert_same(mean.grad_logits, moments.grad_logits)


def test_what_linstat_adds_in_closed_form_is_the_gradient_of_order_zero(model, target):
    cost = parse_objective("ssim(sigma=0.4)").bind(target)
    control = LinearizedCost.around(model, cost, cost.color_moments(model.palette))
    added = apply_softmax_jacobian(model.probs, control.color_costs.dense())
    assert_same(added, weigh(Moments(order=0), torch.empty(0), model, cost).grad_logits)
    assert added.abs().max() > 1e-4


def test_rao_blackwell_with_all_colors_is_local_expectation(model, target, generator):
    cost = parse_objective("ssim(sigma=0.4)").bind(target)
    estimator = RaoBlackwell(2, num_top=4)
    draws = estimator.draw(model, generator)
    blackwellized = weigh(estimator, draws, model, cost).grad_logits
    assert_same(blackwellized, weigh(LocalExpectation(2), draws[0], model, cost).grad_logits)


def test_more_top_colors_than_there_are_is_all_of_them(enumeration, interacting, generator):
    """Of three colors, in a picture of two rows."""
    model, estimator = enumeration.model, RaoBlackwell(1, num_top=9, pricing="phases")
    draws = estimator.draw(model, generator)
    expected = weigh(LocalExpectation(1, pricing="phases"), draws[0], model, interacting)
    found = weigh(estimator, draws, model, interacting)
    assert_same(found.grad_logits, expected.grad_logits)


def test_the_other_names_are_the_same_estimators():
    for alias, name in [
        ("vargrad", "leave-one-out"),
        ("rloo", "leave-one-out"),
        ("zgr", "reinmax"),
    ]:
        assert ESTIMATORS.parse(alias) == ESTIMATORS.parse(name)


def test_leave_one_out_is_the_variance_of_the_log_ratio(enumeration, interacting, draws):
    """VarGrad: the gradient of the draws' covariance of cost and log probability."""
    logits = enumeration.logits.clone().requires_grad_()
    model = Categorical.from_logits(logits, enumeration.palette)
    drawn = model.draw_indices(5, torch.Generator().manual_seed(6))
    log_probs = logits.log_softmax(dim=1).expand(5, -1, -1, -1)
    log_chances = log_probs.gather(1, drawn).sum(dim=(1, 2, 3))
    costs = interacting.cost(enumeration.model.images(drawn))[:, 0]
    covariance = ((costs - costs.mean()) * (log_chances - log_chances.mean())).sum() / 4
    (expected,) = torch.autograd.grad(covariance, logits)
    assert_same(weigh(LeaveOneOut(5), drawn, model, interacting).grad_logits, expected)


def test_pairs_with_a_kernel_of_scores_are_leave_one_out(enumeration, interacting):
    model = enumeration.model
    drawn = model.draw_indices(4, torch.Generator().manual_seed(8))
    costs = interacting.cost(model.images(drawn))
    total = torch.zeros_like(model.probs)
    for a in range(4):
        for b in range(a):
            weights = torch.stack([costs[a] - costs[b], costs[b] - costs[a]])[:, :, None, None] / 2
            total += model.weigh_scores(drawn[[a, b]], weights.expand(2, 1, 2, 3))
    assert_same(total / 6, weigh(LeaveOneOut(4), drawn, model, interacting).grad_logits)
    neighbors = weigh(Pairwise(4), drawn, model, interacting).grad_logits
    assert (neighbors - total / 6).abs().max() > 1e-3
