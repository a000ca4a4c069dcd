"""The toy of the REBAR paper, `E[(b - t)^2]`: where relaxations point the wrong way."""

from dataclasses import dataclass

import torch

from ditherlab.estimators import GumbelSoftmax
from ditherlab.protocol import Ability, Cost
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import DrawCosts, DrawnImages

P, T = 0.1, 0.45
TRUE_SLOPE = P * (1 - P) * (1 - 2 * T)
NUM_SAMPLES = 400_000


@dataclass(frozen=True, eq=False)
class SquaredDistance(Cost):
    abilities: frozenset[Ability] = frozenset({"value", "gradient"})

    def cost(self, images: DrawnImages) -> DrawCosts:
        return (images - T).square().sum(dim=(2, 3, 4))


def mean_slope(tau: float) -> tuple[float, float]:
    """Return the mean gradient for the logit of b = 1 and its standard error."""
    probs = torch.tensor([1 - P, P], dtype=torch.float64).view(1, 2, 1, 1)
    model = Categorical(
        probs.expand(NUM_SAMPLES, -1, -1, -1),
        torch.tensor([[[0.0], [1.0]]], dtype=torch.float64).expand(NUM_SAMPLES, -1, -1),
    )
    generator = torch.Generator().manual_seed(0)
    estimator = GumbelSoftmax(num_samples=1, tau=tau)
    estimate, _ = estimator.estimate(model, SquaredDistance(), generator)
    slopes = estimate.grad_logits[:, 1, 0, 0]
    return float(slopes.mean()), float(slopes.std()) / NUM_SAMPLES**0.5


def test_concrete_points_the_wrong_way_at_temperature_one():
    slope, error = mean_slope(tau=1.0)
    assert TRUE_SLOPE > 0
    assert slope + 6 * error < 0


def test_the_bias_of_concrete_falls_with_the_temperature():
    biases = [abs(mean_slope(tau)[0] - TRUE_SLOPE) for tau in (1.0, 0.5, 0.2, 0.1)]
    assert biases == sorted(biases, reverse=True)
    assert biases[-1] < biases[0] / 5
