"""Coins as pictures."""

from itertools import islice

import pytest
import torch

from ditherlab.estimators import Exact
from ditherlab.experiments.published.coins import Coins, PowerCost, estimate_slopes, train_coins

TARGETS = torch.tensor([0.6, 0.51, 0.48], dtype=torch.float64)


@pytest.mark.parametrize("power", [1.5, 2.0, 3.0])
def test_the_exact_slopes_are_those_of_all_pictures(power, generator):
    coins = Coins(torch.randn(2, 3, generator=generator, dtype=torch.float64))
    cost = PowerCost(TARGETS, power, weight=0.7)
    slopes, found = estimate_slopes(Exact(), cost, coins, generator)
    torch.testing.assert_close(found.value, cost.expect(coins), rtol=0, atol=1e-14)
    torch.testing.assert_close(slopes, cost.exact_slopes(coins), rtol=0, atol=1e-14)


def test_the_published_gradient_of_the_bernoulli_toy():
    coins = Coins(torch.zeros(1, 3, dtype=torch.float64))
    assert float(PowerCost(TARGETS, 2.0).exact_slopes(coins).sum()) == pytest.approx(-0.045)


def test_sides_cost_as_much_as_their_one_hots(generator):
    cost = PowerCost(TARGETS, 1.5)
    sides = torch.randint(2, (4, 2, 3), generator=generator)
    one_hots = torch.nn.functional.one_hot(sides, 2).double()
    torch.testing.assert_close(cost(one_hots), cost(sides))


def test_training_follows_the_gradient_and_leaves_the_start_alone(generator):
    cost = PowerCost(TARGETS, 2.0)
    start = torch.zeros(2, 3, dtype=torch.float64)
    way = list(islice(train_coins(Exact(), cost, start, 0.1, generator), 30))
    assert len(way) == 30
    assert torch.equal(way[0].logits, torch.zeros_like(start))
    assert not start.any()
    costs = [float(cost.expect(coins).sum()) for coins in way]
    assert costs == sorted(costs, reverse=True)
    assert (way[-1].logits.sign() == torch.tensor([1.0, 1.0, -1.0])).all()
