"""The Bernoulli toy problem."""

import pytest

from ditherlab.estimators import LeaveOneOut, UnorderedSet
from ditherlab.experiments.published import bernoulli_toy
from ditherlab.experiments.published.bernoulli_toy import BernoulliToy, measure

TARGETS = (0.6, 0.51, 0.48)


def run(monkeypatch):
    monkeypatch.setattr(bernoulli_toy, "_NUMS_SAMPLES", (2, 8))
    monkeypatch.setattr(bernoulli_toy, "_NUMS_COINS", (1, 3, 8))
    findings = BernoulliToy().run(is_quick=True, seed=0, on_progress=lambda what, part: None)
    return findings, [claim.text for claim in findings.claims if not claim.holds]


@pytest.mark.parametrize("logit", [0.0, -4.0])
def test_all_pictures_leave_nothing_to_chance(logit):
    scatter = measure(UnorderedSet(num_samples=8), logit, TARGETS, 50, seed=0)
    assert float(scatter.variances) < 1e-25
    assert float(scatter.means) == pytest.approx(float(scatter.exact), abs=1e-14)
    assert float(measure(LeaveOneOut(num_samples=8), logit, TARGETS, 50, 0).variances) > 1e-7


def test_the_claims_come_out(monkeypatch):
    findings, failed = run(monkeypatch)
    assert not failed
    assert len(findings.claims) == 7
    assert [len(chart.series) for chart in findings.charts] == [6, 6, 1]


def test_leave_one_out_in_place_of_the_set_fails_them(monkeypatch):
    class NoSet(LeaveOneOut):
        def __str__(self):
            return f"no-set(num_samples={self.num_samples})"

    monkeypatch.setattr(bernoulli_toy, "UnorderedSet", NoSet)
    _, failed = run(monkeypatch)
    assert sum("nothing is left to chance" in text for text in failed) == 2
