"""Stochastic gradient MCMC: a walk that visits a posterior, with the same estimated gradients.

    python docs/examples/langevin.py

The parameter is the logit of one pixel of black and white, the cost the expected squared distance
from a gray. Descent on estimated gradients is on its way to black, with all walks alike. Langevin
dynamics take the same gradients, of `U = E f / T + theta^2 / 2`, in small steps, and add noise:
then each logit is visited as often as `exp(-U)` says, and nothing is minimized.

Source: Max Welling and Yee Whye Teh, "Bayesian Learning via Stochastic Gradient Langevin Dynamics",
ICML 2011, eq. 4.
"""

import torch
from torch import Tensor

from ditherlab.estimators import LeaveOneOut
from ditherlab.objectives import Variance
from ditherlab.protocol import Target
from ditherlab.protocol.categorical import Categorical

GRAY, TEMPERATURE = 0.4, 0.1
NUM_WALKS, NUM_STEPS, STEP = 4000, 300, 0.04


def main() -> None:
    """Print the mean probability of white: of the posterior, of the walks, and of descent."""
    visited = walk(noise=1.0).sigmoid()
    ended = walk(noise=0.0).sigmoid()
    error = float(visited.std()) / NUM_WALKS**0.5
    print("the mean probability of white:")
    print(f"  posterior {posterior_mean():.3f}")
    print(f"  Langevin  {visited.mean():.3f}, standard error {error:.3f}")
    print(f"  descent   {ended.mean():.3f}, of all walks within {ended.std():.3f}")


def walk(noise: float) -> Tensor:
    """Let many logits walk, each with estimated gradients of its own, and return where they are.

    Each walk is a pixel of one picture; with local credit, it sees no other.

    Args:
        noise: 1 for Langevin dynamics; 0 for descent, on the expected cost alone.
    """
    images = torch.full((1, 1, 1, NUM_WALKS), GRAY)
    cost = Variance(c=1.0).bind(Target(images, torch.ones_like(images, dtype=torch.bool)))
    palette = torch.tensor([[[0.0], [1.0]]])
    estimator = LeaveOneOut(num_samples=8, credit="local")
    generator = torch.Generator().manual_seed(0)
    logits = torch.zeros(NUM_WALKS)
    for _ in range(NUM_STEPS):
        both = torch.stack([torch.zeros_like(logits), logits])[None, :, None]
        model = Categorical.from_logits(both, palette)
        estimate, _ = estimator.estimate(model, cost, generator)
        # The cost is the mean of all pixels, and each walk has its own.
        slope = estimate.grad_logits[0, 1, 0] * NUM_WALKS / TEMPERATURE + noise * logits
        step = torch.randn(NUM_WALKS, generator=generator) * (noise * STEP**0.5)
        logits = logits - STEP / 2 * slope + step
    return logits


def posterior_mean() -> float:
    """Integrate: the expected cost is `p (1 - 2 gray)` but for a constant."""
    logits = torch.linspace(-12, 12, 20_001, dtype=torch.float64)
    energy = logits.sigmoid() * (1 - 2 * GRAY) / TEMPERATURE + logits.square() / 2
    mass = (-energy).exp()
    return float((logits.sigmoid() * mass).sum() / mass.sum())


if __name__ == "__main__":
    main()
