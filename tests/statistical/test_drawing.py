"""Draws follow the probabilities: chi-square tests at a family level of 1e-6, Sidak-corrected."""

import pytest
import torch
from scipy.stats import chi2

from ditherlab.estimators import GumbelSoftmax
from ditherlab.protocol.categorical import Categorical

FAMILY_LEVEL = 1e-6
NUM_SAMPLES = 20_000
SHAPE = (1, 5, 4, 6)


@pytest.fixture
def model(generator):
    logits = 1.5 * torch.randn(SHAPE, generator=generator, dtype=torch.float64)
    return Categorical.from_logits(logits, torch.zeros((1, 5, 1), dtype=torch.float64))


def count_colors(indices):
    return torch.stack([(indices == color).sum(dim=0) for color in range(SHAPE[1])], dim=1)


def smallest_p_value(counts, probs):
    """Return the least p-value of all pixels, corrected for their number."""
    expected = probs * NUM_SAMPLES
    statistic = ((counts - expected).square() / expected).sum(dim=1)
    p_values = chi2.sf(statistic.numpy(), df=SHAPE[1] - 1)
    return 1 - (1 - p_values.min()) ** p_values.size


def test_inverse_cdf_draws_follow_the_probabilities(model, generator):
    counts = count_colors(model.draw_indices(NUM_SAMPLES, generator))
    assert smallest_p_value(counts, model.probs) > FAMILY_LEVEL


def test_gumbel_max_draws_follow_the_probabilities(model, generator):
    noise = GumbelSoftmax(num_samples=NUM_SAMPLES).draw(model, generator)
    counts = count_colors((model.log_probs + noise).argmax(dim=2))
    assert smallest_p_value(counts, model.probs) > FAMILY_LEVEL


def test_draws_from_other_probabilities_fail_the_same_test(model, generator):
    other = Categorical.from_logits(model.log_probs * 0.9, model.palette)
    counts = count_colors(other.draw_indices(NUM_SAMPLES, generator))
    assert smallest_p_value(counts, model.probs) < FAMILY_LEVEL


def test_a_color_without_probability_is_never_drawn(generator):
    probs = torch.zeros((1, 4, 8, 8))
    probs[:, 1] = 0.25
    probs[:, 3] = 0.75
    drawn = Categorical(probs, torch.zeros((1, 4, 1))).draw_indices(200, generator)
    assert set(drawn.unique().tolist()) == {1, 3}
