"""The straight-through family: identities, and where it is exact."""

from dataclasses import dataclass

import pytest
import torch

from ditherlab.estimators import DARN, GST, ST, GumbelRao, Reinmax, STGumbel
from ditherlab.protocol import Ability, Cost
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import DrawCosts, DrawnImages

NUM_TRIALS = 60_000


@dataclass(frozen=True, eq=False)
class SeparableQuadratic(Cost):
    """A sum of quadratics of single pixels."""

    abilities: frozenset[Ability] = frozenset({"value", "gradient"})

    def cost(self, images: DrawnImages) -> DrawCosts:
        weights = torch.arange(6, dtype=images.dtype).view(2, 3)
        return 7 + (weights * images - images.square()).sum(dim=(2, 3, 4))


def gradient(estimator, draws, model, cost):
    with torch.no_grad():
        return estimator.weigh(draws, model, cost, None, None)[0].grad_logits


@pytest.fixture
def model(enumeration):
    return Categorical.from_logits(enumeration.logits, enumeration.palette, learns_palette=True)


@pytest.mark.parametrize("estimator", [ST(), DARN(), Reinmax()], ids=str)
def test_st_darn_and_reinmax_are_exact_for_a_linear_cost(estimator, enumeration, linear):
    mean = enumeration.mean_estimate(estimator, linear, 1)
    truth = enumeration.truth(linear)
    torch.testing.assert_close(mean.grad_logits, truth.grad_logits, rtol=1e-12, atol=1e-12)


def test_reinmax_is_exact_for_quadratics_of_single_pixels_and_st_is_not(enumeration):
    cost = SeparableQuadratic()
    truth = enumeration.truth(cost).grad_logits
    reinmax = enumeration.mean_estimate(Reinmax(), cost, 1).grad_logits
    torch.testing.assert_close(reinmax, truth, rtol=1e-12, atol=1e-12)
    assert (enumeration.mean_estimate(ST(), cost, 1).grad_logits - truth).abs().max() > 1e-3
    assert (
        enumeration.mean_estimate(Reinmax(tau=2.0), cost, 1).grad_logits - truth
    ).abs().max() > 1e-3


def test_zgr_the_mean_of_st_and_darn_is_reinmax(model, interacting, generator):
    draws = model.draw_indices(3, generator)
    zgr = gradient(ST(3), draws, model, interacting) + gradient(DARN(3), draws, model, interacting)
    torch.testing.assert_close(zgr / 2, gradient(Reinmax(3), draws, model, interacting))


def test_gumbel_rao_keeps_the_mean_of_st_gumbel_and_lowers_its_variance(model, interacting):
    """A z-test of every logit, the trials on the batch axis; Sidak at a family level of 1e-6."""
    many = Categorical(
        model.probs.expand(NUM_TRIALS, -1, -1, -1), model.palette.expand(NUM_TRIALS, -1, -1)
    )
    gradients = []
    for estimator in (STGumbel(tau=0.7), GumbelRao(tau=0.7, num_inner=4)):
        generator = torch.Generator().manual_seed(11)
        estimate, _ = estimator.estimate(many, interacting, generator)
        gradients.append(estimate.grad_logits)
    plain, blackwellized = gradients
    error = ((plain.var(dim=0) + blackwellized.var(dim=0)) / NUM_TRIALS).sqrt()
    z = (plain.mean(dim=0) - blackwellized.mean(dim=0)) / error
    tail = 1 - (1 - 1e-6) ** (1 / z.numel())
    limit = torch.distributions.Normal(0.0, 1.0).icdf(
        torch.tensor(1 - tail / 2, dtype=torch.float64)
    )
    assert z.abs().max() < limit
    assert blackwellized.var(dim=0).sum() < plain.var(dim=0).sum()


def test_a_wide_gap_lets_no_gradient_through(model, interacting, generator):
    draws = model.draw_indices(1, generator)
    narrow = gradient(GST(gap=1.0), draws, model, interacting)
    wide = gradient(GST(gap=60.0), draws, model, interacting)
    assert wide.abs().max() < 1e-12 < narrow.abs().max()
