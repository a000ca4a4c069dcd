"""Means and variances over trials, and the claim about them."""

import torch

from ditherlab.experiments.published.scatter import Scatter, claim_means_agree


def test_it_counts_standard_errors_entry_by_entry():
    gradients = torch.tensor([[1.0, 5.0], [3.0, 5.0]])
    scatter = Scatter.of(gradients, torch.tensor([3.0, 5.0]))
    assert scatter.num_trials == 2
    assert scatter.means.tolist() == [2.0, 5.0]
    assert scatter.variances.tolist() == [2.0, 0.0]
    assert scatter.errors.tolist() == [1.0, 0.0]
    assert scatter.most_errors == 1.0


def test_a_mean_that_is_off_fails_the_claim_by_name():
    gradients = torch.randn(1_000, 3, generator=torch.Generator().manual_seed(0))
    found = {
        "right": Scatter.of(gradients, torch.zeros(3)),
        "wrong": Scatter.of(gradients + torch.tensor([0.0, 0.3, 0.0]), torch.zeros(3)),
    }
    assert claim_means_agree("", {"right": found["right"]}, 4.0).holds
    claim = claim_means_agree("here: ", found, 4.0)
    assert not claim.holds
    assert claim.text.startswith("here: ")
    assert "`wrong`" in claim.detail
    assert "1000 trials" in claim.detail
