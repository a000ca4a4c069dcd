"""The surrogate of RELAX: it learns by Adam, on the squared norm of the estimate."""

import pytest
import torch

from ditherlab.estimators import Relax, relax
from ditherlab.estimators.relax import Surrogate
from ditherlab.proofs.costs import InteractingCost


@pytest.fixture
def surrogate():
    return Surrogate.start(torch.zeros(1, 3, 4, 4, dtype=torch.float64), 1)


def test_it_learns_by_adam(surrogate, generator):
    leaves = [weight.clone().requires_grad_() for weight in surrogate.weights]
    decays = (relax._MEAN_DECAY, relax._SQUARE_DECAY)
    adam = torch.optim.Adam(leaves, lr=0.02, betas=decays, eps=1e-30)
    for _ in range(4):
        gradients = tuple(
            torch.randn(weight.shape, generator=generator, dtype=weight.dtype) for weight in leaves
        )
        for leaf, gradient in zip(leaves, gradients, strict=True):
            leaf.grad = gradient
        adam.step()
        surrogate = surrogate.learn(gradients, 0.02)
    for weight, leaf in zip(surrogate.weights, leaves, strict=True):
        torch.testing.assert_close(weight, leaf.detach(), rtol=1e-9, atol=1e-9)


def test_it_descends_on_the_squared_norm_of_the_estimate(enumeration, monkeypatch):
    slopes = []
    learn = Surrogate.learn
    monkeypatch.setattr(
        Surrogate,
        "learn",
        lambda self, found, rate: slopes.append(found) or learn(self, found, rate),
    )
    model, cost, estimator = enumeration.model, InteractingCost(), Relax(num_samples=2)
    draws = estimator.draw(model, torch.Generator().manual_seed(1))

    def mean_square(state):
        with torch.no_grad():
            return estimator.weigh(draws, model, cost, state, None)[0].grad_logits.square().mean()

    start = Surrogate.start(model.probs, 1)
    mean_square(start)
    found = slopes[0]
    step = 1e-5
    for number, weight in enumerate(start.weights):
        direction = torch.randn(weight.shape, generator=torch.Generator().manual_seed(number))
        moved = []
        for sign in (1, -1):
            weights = [weight.detach().clone() for weight in start.weights]
            weights[number] = weights[number] + sign * step * direction.to(weight)
            state = Surrogate(tuple(weights), start.means, start.mean_squares, start.num_steps)
            moved.append(mean_square(state))
        slope = ((moved[0] - moved[1]) / (2 * step)).item()
        assert (found[number] * direction).sum().item() == pytest.approx(slope, rel=1e-5, abs=1e-8)
