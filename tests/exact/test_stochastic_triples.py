"""Stochastic triples in any order of the colors, and pruned: exact, by listing draws and jumps."""

from dataclasses import replace

import pytest
import torch

from ditherlab.estimators import LeaveOneOut, StochasticTriples
from ditherlab.estimators.color_order import ColorOrder
from ditherlab.estimators.stochastic_triples import Jumps
from ditherlab.protocol.categorical import Categorical

# The palette of the enumerated problem is neither from dark to light nor the reverse.
ORDERS = ("palette", "lightness")


def assert_same(found, expected):
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def list_draws(enumeration):
    """Return every picture on the batch axis, the model, and each picture's probability."""
    drawn = enumeration.pictures.unsqueeze(0)
    model = enumeration.repeat(drawn.shape[1])
    chances = model.probs.log().gather(1, drawn[0].unsqueeze(1)).sum(dim=(1, 2, 3)).exp()
    return drawn, model, chances


def rates_by_step(jumps):
    return [(1, jumps.above * jumps.rate_up), (-1, jumps.below * jumps.rate_down)]


def mean_over_single_jumps(estimator, enumeration, cost):
    """Weigh every jump of every picture with the picture's probability and the jump's own."""
    drawn, model, chances = list_draws(enumeration)
    jumps = Jumps.of(drawn, model, estimator.order)
    total = torch.zeros_like(chances)
    logits = torch.zeros_like(enumeration.logits)
    for step, rates in rates_by_step(jumps):
        for row in range(2):
            for column in range(3):
                jumped = drawn.clone()
                jumped[..., row, column] = jumps.neighbors(step)[..., row, column]
                with torch.no_grad():
                    draws = torch.stack([drawn, jumped])
                    estimate, _ = estimator.weigh(draws, model, cost, None, None)
                chosen = rates[0, :, row, column] / jumps.rates_of_pictures[0, :, 0, 0]
                total += chosen
                logits += enumeration.mean(estimate, chances * chosen).grad_logits
    assert_same(total, torch.ones_like(total))
    return logits


def mean_over_jumps_of_pixels(estimator, enumeration, cost):
    """Let all pixels jump up, then all down: each pixel's estimate hangs on its own jump only."""
    drawn, model, chances = list_draws(enumeration)
    jumps = Jumps.of(drawn, model, estimator.order)
    logits = torch.zeros_like(enumeration.logits)
    for step, rates in rates_by_step(jumps):
        with torch.no_grad():
            draws = torch.stack([drawn, jumps.neighbors(step)])
            estimate, _ = estimator.weigh(draws, model, cost, None, None)
        chosen = (rates / jumps.rates_of_pixels)[0].unsqueeze(1)
        weighed = replace(estimate, logit_gradient=estimate.grad_logits * chosen)
        logits += enumeration.mean(weighed, chances).grad_logits
    return logits


def test_the_orders_differ(enumeration):
    colors = ColorOrder.of(enumeration.palette, "lightness").colors[0].tolist()
    assert colors not in ([0, 1, 2], [2, 1, 0])


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("cost_name", ["interacting", "windowed"])
def test_single_jumps_average_to_the_enumerated_gradient(order, cost_name, enumeration, request):
    cost = request.getfixturevalue(cost_name)
    estimator = StochasticTriples(order=order, pruning="picture")
    found = mean_over_single_jumps(estimator, enumeration, cost)
    assert_same(found, enumeration.truth(cost).grad_logits)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("pricing", ["closed", "phases"])
def test_jumps_of_pixels_average_to_the_enumerated_gradient(order, pricing, enumeration, windowed):
    estimator = StochasticTriples(order=order, pruning="pixel", pricing=pricing)
    found = mean_over_jumps_of_pixels(estimator, enumeration, windowed)
    assert_same(found, enumeration.truth(windowed).grad_logits)


def test_kept_jumps_that_do_not_count_for_those_pruned_fail(enumeration, windowed, monkeypatch):
    def count_once(self, jumped, changes, rates):
        steps = self.order.ranks_of(jumped) - self.ranks
        up, down = (steps > 0) * self.rate_up, (steps < 0) * self.rate_down
        return self.weigh(up * changes, down * changes)

    monkeypatch.setattr(Jumps, "weigh_one", count_once)
    estimator = StochasticTriples(pruning="pixel")
    found = mean_over_jumps_of_pixels(estimator, enumeration, windowed)
    assert (found - enumeration.truth(windowed).grad_logits).abs().max() > 1e-3


def test_an_order_that_is_not_undone_fails(enumeration, windowed, monkeypatch):
    monkeypatch.setattr(ColorOrder, "restore", lambda self, planes: planes)
    mean = enumeration.mean_estimate(StochasticTriples(order="lightness"), windowed, 1)
    assert (mean.grad_logits - enumeration.truth(windowed).grad_logits).abs().max() > 1e-3


def test_jumps_are_chosen_by_their_rates(enumeration):
    """Chi-square of 12 jumps of one picture; the limit is passed once in a million times."""
    draw = enumeration.pictures[300].expand(1, 40_000, 2, 3)
    jumps = Jumps.of(draw, enumeration.repeat(40_000), "lightness")
    jumped = jumps.choose_for_pictures(torch.Generator().manual_seed(3))
    steps = jumps.order.ranks_of(jumped) - jumps.ranks
    assert (steps.abs().sum(dim=(2, 3)) == 1).all()
    rates = torch.stack([rates for _, rates in rates_by_step(jumps)])[:, 0, 0]
    expected = rates / rates.sum() * 40_000
    counts = torch.stack([(steps[0] == step).sum(dim=0) for step in (1, -1)])
    possible = expected > 0
    assert (counts[~possible] == 0).all()
    off = ((counts - expected).square() / expected)[possible].sum()
    assert off < 50


def test_a_decided_picture_has_no_jump_and_no_gradient(interacting):
    probs = torch.tensor([0.0, 1.0, 0.0]).view(1, 3, 1, 1).expand(-1, -1, 2, 3)
    model = Categorical(probs, torch.rand((1, 3, 1)))
    for pruning in ("pixel", "picture"):
        estimator = StochasticTriples(pruning=pruning)
        draws = estimator.draw(model, torch.Generator().manual_seed(1))
        jumps = Jumps.of(draws[0], model, "palette")
        found = jumps.weigh_one(draws[1], torch.ones_like(jumps.below), jumps.rates_of_pixels)
        assert (found == 0).all()


def test_a_single_jump_gives_a_gradient_to_its_pixel_only(enumeration, interacting):
    model = enumeration.repeat(200)
    estimator = StochasticTriples(pruning="picture")
    draws = estimator.draw(model, torch.Generator().manual_seed(1))
    estimate, _ = estimator.weigh(draws, model, interacting, None, None)
    assert torch.equal(estimate.grad_logits.abs().amax(dim=1) > 0, (draws[0] != draws[1])[0])
    assert ((draws[0] != draws[1]).sum(dim=(2, 3)) == 1).all()


def test_pruning_takes_fewer_prices_and_lets_the_others_be(enumeration, windowed):
    generator = torch.Generator().manual_seed(1)
    counts = {
        pruning: StochasticTriples(pruning=pruning)
        .estimate(enumeration.model, windowed, generator)[0]
        .num_evaluations
        for pruning in ("none", "pixel", "picture")
    }
    assert counts == {"none": 13, "pixel": 7, "picture": 2}
    assert StochasticTriples(pruning="picture").needs == LeaveOneOut().needs
