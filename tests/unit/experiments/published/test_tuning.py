"""Frozen noise."""

import pytest
import torch

from ditherlab.estimators import CommonRandomNumbers, ScoreFunction
from ditherlab.experiments.published import tuning
from ditherlab.experiments.published.frozen_noise import descend_by_adam, descend_by_lbfgs
from ditherlab.experiments.published.sampled_palette import SampledPalette
from ditherlab.experiments.published.tuning import Tuning
from ditherlab.protocol.categorical import Categorical

RAMP = torch.linspace(0, 1, 16, dtype=torch.float64).view(1, 1, 4, 4)
GRAYS = torch.tensor([[[0.2], [0.8]]], dtype=torch.float64)


def test_both_optimizers_find_the_foot_of_a_parabola():
    center = torch.tensor([1.0, -2.0], dtype=torch.float64)

    def slope(place):
        return float((place - center).square().sum()), 2 * (place - center)

    start = torch.zeros(2, dtype=torch.float64)
    newton = descend_by_lbfgs(slope, start, 20, tolerance=1e-12)
    torch.testing.assert_close(newton.end, center)
    assert len(newton.values) < 10
    assert newton.running_best() == sorted(newton.values, reverse=True)
    torch.testing.assert_close(
        descend_by_adam(slope, start, 400, 0.05).end, center, rtol=0, atol=1e-3
    )
    assert start.tolist() == [0, 0]


def test_the_frozen_relaxed_gradient_is_that_of_its_price(monkeypatch):
    monkeypatch.setattr(tuning, "_SIZE_PX", 4)
    pictures, start = tuning._pictures(seed=3)
    generator = torch.Generator().manual_seed(0)
    logits = start + torch.randn(start.shape, generator=generator, dtype=start.dtype)
    value, gradient = pictures.relaxed_slope(logits)
    assert value == pictures.price_relaxed(logits)
    for _ in range(3):
        way = torch.randn(start.shape, generator=generator, dtype=start.dtype)
        ahead, behind = (pictures.price_relaxed(logits + side * 1e-5 * way) for side in (1, -1))
        assert float((gradient * way).sum()) == pytest.approx((ahead - behind) / 2e-5, rel=1e-7)
    assert pictures.price_hard(logits) == pictures.price_hard(logits + 1e-9 * way)


def test_the_best_grays_are_weighted_means():
    problem = SampledPalette.of(RAMP, GRAYS)
    probs = problem.logits.softmax(dim=1)
    means = (probs * RAMP).sum(dim=(2, 3)) / probs.sum(dim=(2, 3))
    torch.testing.assert_close(problem.best[..., 0], means, rtol=0, atol=1e-10)


def test_the_optimism_is_that_of_the_drawn_means():
    problem = SampledPalette.of(RAMP, GRAYS)
    seeming, real = problem.measure(num_draws=3, num_palettes=5, seed=8)
    probs = problem.logits.softmax(dim=1).expand(5, -1, -1, -1)
    frozen = CommonRandomNumbers(ScoreFunction(num_samples=3), noise_seed=8)
    model = Categorical(probs, problem.best.expand(5, -1, -1))
    draws = frozen.draw(model, torch.Generator())
    shown = torch.stack([draws == color for color in range(2)], dim=2).double()
    counts = shown.sum(dim=(0, 3, 4))
    means = (shown * RAMP).sum(dim=(0, 3, 4)) / counts
    gains = counts * (means - problem.best[..., 0]).square() / (3 * 16)
    assert seeming == pytest.approx(float(gains.sum(dim=1).mean()), rel=1e-6)
    shares = probs.sum(dim=(2, 3)) / 16
    losses = shares * (means - problem.best[..., 0]).square()
    assert real == pytest.approx(float(losses.sum(dim=1).mean()), rel=1e-6)


def test_the_claims_come_out(monkeypatch):
    monkeypatch.setattr(tuning, "_SIZE_PX", 8)
    monkeypatch.setattr(tuning, "_NUM_PLACES", 100)
    monkeypatch.setattr(tuning, "_QUICK", tuning._Size(60, 10, 100, 8))
    findings = Tuning().run(is_quick=True, seed=0, on_progress=lambda what, part: None)
    assert [claim.text for claim in findings.claims if not claim.holds] == []
    assert len(findings.claims) == 6


def test_a_step_across_a_flip_would_be_seen(monkeypatch):
    monkeypatch.setattr(tuning, "_SIZE_PX", 8)
    monkeypatch.setattr(tuning, "_NUM_PLACES", 100)
    monkeypatch.setattr(tuning, "_STEP", 1.0)
    _, claims = tuning._scan(tuning._Size(1, 10, 1, 2), seed=0)
    assert [claim.holds for claim in claims] == [True, False]
