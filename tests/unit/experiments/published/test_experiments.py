"""The published experiments come out as published, quickly."""

import pytest

from ditherlab.continuous import Score
from ditherlab.experiments.published import gaussian, rebar_toy
from ditherlab.experiments.published.gaussian import Gaussian
from ditherlab.experiments.published.rebar_toy import RebarToy


def run(experiment):
    told = []
    findings = experiment.run(
        is_quick=True, seed=0, on_progress=lambda what, part: told.append((what, part))
    )
    assert [part for _, part in told] == sorted(part for _, part in told)
    return findings


def failed(findings):
    return [claim.text for claim in findings.claims if not claim.holds]


def test_the_gaussian_claims_come_out():
    findings = run(Gaussian())
    assert not failed(findings)
    assert len(findings.claims) == 7
    assert len(findings.charts) == 6


def test_a_biased_gradient_fails_the_first_claim(monkeypatch):
    class Halved(Score):
        def gradients(self, *arguments):
            return {name: 0.5 * each for name, each in super().gradients(*arguments).items()}

    monkeypatch.setitem(gaussian._ESTIMATORS, "score", Halved())
    assert "standard errors of the exact gradient" in failed(run(Gaussian()))[0]


def test_the_toy_claims_come_out(monkeypatch):
    # What the claims are about, and one estimator that is exact.
    names = ("score-function", "leave-one-out", "rebar", "relax", "exact", rebar_toy._RELAXED)
    chosen = {name: each for name, each in rebar_toy._estimators() if name in names}
    monkeypatch.setattr(rebar_toy, "_estimators", chosen.items)
    monkeypatch.setattr(rebar_toy, "_TARGETS", (0.45,))
    monkeypatch.setattr(rebar_toy, "_QUICK", rebar_toy._Size(2_000, 100))
    findings = run(RebarToy())
    assert not failed(findings)
    assert {line.name for line in findings.charts[1].series} == set(names)


def test_every_estimator_of_programs_takes_part():
    named = dict(rebar_toy._estimators())
    assert len(named) == len(rebar_toy.ESTIMATORS.classes) - 4 + 1
    assert all(getattr(each, "num_samples", 1) <= 3 for each in named.values())
    with pytest.raises(KeyError):
        named["random-windows"]
