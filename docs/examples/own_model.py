"""A discrete autoencoder, trained by three estimators through `dl.expected_cost`.

    python docs/examples/own_model.py

A digit of 8 x 8 pixels is encoded as ten variables with four categories each, and decoded again.
The loss is the negative evidence lower bound, in nats per digit: the expected cost of decoding, and
the divergence of the code from the uniform one. Needs scikit-learn for the digits.
"""

import math

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

import ditherlab as dl

ESTIMATORS = ("leave-one-out", "reinmax", "gumbel-softmax")
NUM_STEPS, BATCH = 400, 100


def main() -> None:
    """Print the bound on the test digits for each estimator."""
    digits = torch.from_numpy(load_digits().data >= 8).float()
    for estimator in ESTIMATORS:
        torch.manual_seed(0)
        print(f"{estimator}: {train(estimator, digits[:1500], digits[1500:]):.2f} nats")


def train(estimator: str, digits: torch.Tensor, test: torch.Tensor) -> float:
    """Train an autoencoder; return its bound on the test digits."""
    encoder = nn.Sequential(nn.Linear(64, 128), nn.Tanh(), nn.Linear(128, 40))
    decoder = nn.Sequential(nn.Flatten(-2), nn.Linear(40, 128), nn.Tanh(), nn.Linear(128, 64))
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=5e-3)

    def bound(x: torch.Tensor) -> torch.Tensor:
        def cost(codes: torch.Tensor) -> torch.Tensor:  # one-hots [s, n, 10, 4]
            pixels = decoder(codes)
            return binary_cross_entropy_with_logits(
                pixels, x.expand_as(pixels), reduction="none"
            ).sum(dim=-1)

        logits = encoder(x).unflatten(-1, (10, 4))
        log_q = logits.log_softmax(dim=-1)
        divergence = (log_q.exp() * (log_q + math.log(4))).sum(dim=(-1, -2))
        price = dl.expected_cost(cost, logits, estimator, num_samples=4, num_batch_dims=1)
        return (price + divergence).mean()

    for _ in range(NUM_STEPS):
        optimizer.zero_grad()
        bound(digits[torch.randint(len(digits), (BATCH,))]).backward()
        optimizer.step()
    with torch.no_grad():
        return float(bound(test))


if __name__ == "__main__":
    main()
