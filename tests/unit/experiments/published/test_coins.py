"""Coins as pictures."""

import pytest
import torch

from ditherlab.estimators import Exact
from ditherlab.experiments.published.coins import Coins, PowerCost, coin_slopes

TARGETS = torch.tensor([0.6, 0.51, 0.48], dtype=torch.float64)


@pytest.mark.parametrize("power", [1.5, 2.0, 3.0])
def test_the_exact_slopes_are_those_of_all_pictures(power, generator):
    coins = Coins(torch.randn(2, 3, generator=generator, dtype=torch.float64))
    cost = PowerCost(TARGETS, power, weight=0.7)
    estimate, _ = Exact().estimate(coins.model(), cost, generator)
    torch.testing.assert_close(estimate.value, cost.expect(coins), rtol=0, atol=1e-14)
    torch.testing.assert_close(coin_slopes(estimate), cost.exact_slopes(coins), rtol=0, atol=1e-14)


def test_the_published_gradient_of_the_bernoulli_toy():
    coins = Coins(torch.zeros(1, 3, dtype=torch.float64))
    assert float(PowerCost(TARGETS, 2.0).exact_slopes(coins).sum()) == pytest.approx(-0.045)


def test_the_map_sums_to_the_cost(generator):
    cost = PowerCost(TARGETS, 1.5)
    images = torch.rand(4, 2, 1, 1, 3, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(cost.cost_map(images).sum(dim=(2, 3)), cost.cost(images))
