"""The discrete autoencoder."""

import pytest
import torch

import ditherlab as dl
from ditherlab.errors import RequestError
from ditherlab.estimators import ESTIMATORS, Exact, LocalExpectation
from ditherlab.estimators.enumeration import list_pictures, log_chances
from ditherlab.experiments.published import digits_vae
from ditherlab.experiments.published.coins import GivenDraws
from ditherlab.experiments.published.digits_vae import FAMILIES, LEFT_OUT, DigitsVAE, load_digits
from ditherlab.experiments.published.discrete_autoencoder import (
    CodeSize,
    DecoderCost,
    DiscreteAutoencoder,
)

CODE = CodeSize(num_latents=3, num_categories=3)


@pytest.fixture
def autoencoder(generator):
    return DiscreteAutoencoder.start(2, 5, CODE, generator)


@pytest.fixture
def digits(generator):
    return (torch.rand(2, 4, 5, generator=generator) < 0.5).float()


def exact_bound(autoencoder, digits):
    """Price every code there is."""
    logits = autoencoder.encode(digits)
    cost = DecoderCost(autoencoder.decoder, digits)
    expected = dl.expected_cost(cost, logits, Exact(), num_batch_dims=1)
    return (expected + autoencoder.divergence(logits)).view(digits.shape[:2]).mean(dim=1)


def test_the_bound_is_the_mean_over_all_codes(autoencoder, digits, generator):
    with torch.no_grad():
        sampled = autoencoder.bound(digits, 4_000, generator)
        torch.testing.assert_close(sampled, exact_bound(autoencoder, digits), rtol=5e-3, atol=0)


def test_the_encoder_gets_the_gradient_that_the_estimator_found(autoencoder, digits, generator):
    wanted = torch.autograd.grad(
        exact_bound(autoencoder, digits).sum(), autoencoder.encoder.weights
    )
    state = autoencoder.differentiate(digits, Exact(), None, 1, generator)
    assert state is None
    for weights, gradient in zip(autoencoder.encoder.weights, wanted, strict=True):
        torch.testing.assert_close(weights.grad, gradient, rtol=1e-4, atol=1e-6)


def test_the_decoder_learns_from_hard_codes(autoencoder, digits, generator):
    wanted = torch.autograd.grad(
        exact_bound(autoencoder, digits).sum(), autoencoder.decoder.weights
    )
    autoencoder.differentiate(digits, Exact(), None, 20_000, generator)
    for weights, gradient in zip(autoencoder.decoder.weights, wanted, strict=True):
        torch.testing.assert_close(weights.grad, gradient, rtol=0.05, atol=0.01)


def test_local_expectation_is_unbiased_for_a_decoder(autoencoder, digits):
    """Over all draws, weighed by their chances: no chance is involved."""
    with torch.no_grad():
        logits = autoencoder.encode(digits)
        cost = DecoderCost(autoencoder.decoder, digits)
        exact = dl.estimate(cost, logits, Exact(), num_batch_dims=1)
        log_probs = logits.log_softmax(dim=2).mT.unsqueeze(2)
        (codes,) = list_pictures(log_probs)
        chances = log_chances(codes, log_probs).exp()
        total = torch.zeros_like(logits)
        for code, chance in zip(codes, chances, strict=True):
            given = GivenDraws(LocalExpectation(pricing="phases"), code.unsqueeze(0))
            found = dl.estimate(cost, logits, given, num_batch_dims=1)
            total += chance.view(-1, 1, 1) * found.grad_logits
    torch.testing.assert_close(total, exact.grad_logits, rtol=0, atol=1e-5)


def test_runs_do_not_meet(autoencoder, digits):
    with torch.no_grad():
        before = exact_bound(autoencoder, digits)
        autoencoder.decoder.weights[0][0] += 1.0
        after = exact_bound(autoencoder, digits)
    assert before[0] != after[0]
    assert before[1] == after[1]


def test_every_estimator_takes_part_or_has_a_reason_not_to():
    words = [words for family in FAMILIES.values() for words in family.values()]
    names = {str(ESTIMATORS.parse(each)).partition("(")[0] for each in words}
    assert names.isdisjoint(LEFT_OUT)
    assert names | set(LEFT_OUT) == set(ESTIMATORS.classes)
    assert set(digits_vae._ORDER) <= set(FAMILIES)
    assert set(digits_vae._SHOWN) <= {name for family in FAMILIES.values() for name in family}


def test_the_digits_are_black_and_white_and_each_is_used_once():
    train, test = load_digits(seed=0)
    assert (len(train), len(test), train.shape[1]) == (1438, 359, 64)
    assert set(train.unique().tolist()) == {0.0, 1.0}
    assert not torch.equal(test, load_digits(seed=1)[1])


def test_without_scikit_learn_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr("ditherlab.vision.packaged_metrics.find_spec", lambda name: None)
    with pytest.raises(RequestError, match="Install it: pip install scikit-learn"):
        DigitsVAE().run(is_quick=True, seed=0, on_progress=lambda what, part: None)


def test_a_short_run_tells_every_member(monkeypatch):
    monkeypatch.setattr(digits_vae, "_BATCH", 5)
    monkeypatch.setattr(digits_vae, "_NUM_TEST_SAMPLES", 1)
    monkeypatch.setattr(digits_vae, "_QUICK", digits_vae._Size(2, 2, 1e-2))
    findings = DigitsVAE().run(is_quick=True, seed=0, on_progress=lambda what, part: None)
    members = {name for family in FAMILIES.values() for name in family}
    assert {line.name for chart in findings.charts for line in chart.series} == members
    assert all(len(line.low) == len(line.y) == 2 for line in findings.charts[0].series)
    assert [claim.text.split()[2] for claim in findings.claims[:3]] == [
        "local",
        "leave-one-out",
        "straight-through",
    ]
    assert all(f"`{name}`" in findings.claims[3].detail for name in members)
