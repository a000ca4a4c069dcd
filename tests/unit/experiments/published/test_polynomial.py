"""Powers of coins' distances."""

import pytest
import torch

from ditherlab.estimators import ST, Reinmax
from ditherlab.experiments.published import polynomial
from ditherlab.experiments.published.coins import Coins, PowerCost, estimate_slopes
from ditherlab.experiments.published.polynomial import (
    Polynomial,
    expected_slopes,
    stalling_chance,
)
from ditherlab.experiments.published.scatter import Scatter


def at(chance, power):
    coins = Coins(torch.tensor([[chance]], dtype=torch.float64).logit())
    return coins, PowerCost(torch.tensor([0.45], dtype=torch.float64), power)


@pytest.mark.parametrize("chance", [0.05, 0.5, 0.9])
def test_reinmax_is_exact_for_squares_and_straight_through_is_not(chance):
    coins, cost = at(chance, 2.0)
    exact = cost.exact_slopes(coins)
    torch.testing.assert_close(expected_slopes(Reinmax(), coins, cost), exact, rtol=0, atol=1e-15)
    assert float((expected_slopes(ST(), coins, cost) - exact).abs()) > 1e-3 or chance == 0.5


@pytest.mark.parametrize("power", [1.5, 2.0, 3.0])
def test_straight_through_expects_nothing_where_it_stalls(power):
    stands = expected_slopes(ST(), *at(stalling_chance(power), power))
    assert float(stands) == pytest.approx(0, abs=1e-15)
    assert float(expected_slopes(ST(), *at(stalling_chance(power) - 0.01, power))) < 0


@pytest.mark.parametrize("estimator", [ST(), Reinmax()])
def test_the_expected_slope_is_the_mean_of_many(estimator, generator):
    coins, cost = at(0.3, 1.5)
    many = Coins(coins.logits.expand(20_000, -1))
    slopes, _ = estimate_slopes(estimator, cost, many, generator)
    scatter = Scatter.of(slopes, expected_slopes(estimator, coins, cost)[0])
    assert scatter.most_errors < 4


def test_the_claims_come_out(monkeypatch):
    chosen = {
        name: estimator
        for name, estimator in polynomial._estimators(16)
        if name in ("exact", "st", "st-gumbel", "gst", "reinmax")
    }
    monkeypatch.setattr(polynomial, "_estimators", lambda num_samples: chosen.items())
    monkeypatch.setattr(polynomial, "_POWERS", (2.0,))
    monkeypatch.setattr(polynomial, "_QUICK", polynomial._Size(32, 16, 120, 1, 0.05))
    findings = Polynomial().run(is_quick=True, seed=0, on_progress=lambda what, part: None)
    assert [claim.holds for claim in findings.claims] == [True] * 4
    assert [len(chart.series) for chart in findings.charts] == [3, 5]


def test_straight_through_in_place_of_reinmax_fails_them():
    slopes = polynomial._all_slopes(2.0)
    stalled = torch.full((1, 1), 0.45 * (0.55**2 - 0.45**2), dtype=torch.float64)
    trained = dict.fromkeys(("st", "st-gumbel", "gst", "reinmax"), stalled)
    claims = polynomial._claims(2.0, {**slopes, "reinmax": slopes["st"]}, trained)
    assert [claim.holds for claim in claims] == [False, False, True, False]
