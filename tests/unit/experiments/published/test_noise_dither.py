"""The laws of noise before rounding come out, and a wrong gradient is found out."""

import pytest

from ditherlab.continuous import Normal, Score, Uniform
from ditherlab.experiments.published import small_picture
from ditherlab.experiments.published.noise_dither import NoiseDither, error_of_rounding


@pytest.fixture
def few_pixels(monkeypatch):
    monkeypatch.setattr(small_picture, "_SIZE_PX", 3)


def run():
    return NoiseDither().run(is_quick=True, seed=0, on_progress=lambda *_: None)


def test_all_claims_come_out(few_pixels):
    findings = run()
    assert [claim.text for claim in findings.claims if not claim.holds] == []
    assert len(findings.claims) == 10
    assert len(findings.charts) == 2


def test_a_biased_gradient_fails_its_claim(few_pixels, monkeypatch):
    class Doubled(Score):
        def gradients(self, *arguments):
            return {name: 2 * each for name, each in super().gradients(*arguments).items()}

    monkeypatch.setitem(small_picture._ESTIMATORS, "score", Doubled())
    failed = [claim.text for claim in run().claims if not claim.holds]
    assert any(text.startswith("score: each mean is within") for text in failed)


def test_narrow_noise_is_biased_and_wide_normal_noise_hardly():
    assert error_of_rounding(Uniform(), 0.5).mean.abs().max() > 0.05
    assert error_of_rounding(Normal(), 0.5).mean.abs().max() < 0.01
