"""A variational autoencoder whose code is a tiny picture: one color a pixel, one pixel a latent."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from ditherlab.protocol import Ability, Cost, Estimator
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import CostMap, DrawCosts, DrawnImages, Logits, PictureCosts

_NUM_HIDDEN = 64

Digits = Float[Tensor, "r n p"]
"""Black and white digits of each run: `r` runs, `n` digits, `p` pixels of 0 or 1."""


@dataclass(frozen=True)
class Network:
    """One hidden layer of `tanh`, once for each run.

    Attributes:
        weights: Matrix and bias of the first layer, then of the second.
    """

    weights: tuple[Tensor, ...]

    @classmethod
    def start(cls, num_runs: int, sizes: Sequence[int], generator: torch.Generator) -> "Network":
        """Begin with weights of variance one over the layer's inputs, and no biases."""

        def layers() -> Iterator[Tensor]:
            for inputs, outputs in pairwise(sizes):
                drawn = torch.randn(num_runs, inputs, outputs, generator=generator)
                yield drawn / math.sqrt(inputs)
                yield torch.zeros(num_runs, 1, outputs)

        return cls(tuple(weights.requires_grad_() for weights in layers()))

    def __call__(self, inputs: Float[Tensor, "r n i"]) -> Float[Tensor, "r n o"]:
        """Compute the outputs of each run's network."""
        first, bias, second, other = self.weights
        return torch.baddbmm(other, torch.baddbmm(bias, inputs, first).tanh(), second)

    def detach(self) -> "Network":
        """Return the same without a way back to the weights."""
        return Network(tuple(weights.detach() for weights in self.weights))


@dataclass(frozen=True, eq=False)
class DecoderCost(Cost):
    """`-log p(digit | code)` of a decoder: the price of a code as a picture, one row of one-hots.

    No part of it belongs to single pixels, so each answers for an equal share, and sees the others.

    Attributes:
        decoder: From codes to pixels' logits.
        digits: What shall be decoded.
        num_latents: How wide a code is.
    """

    decoder: Network
    digits: Digits
    num_latents: int
    abilities: frozenset[Ability] = field(default=frozenset({"value", "gradient", "local"}))

    def cost(self, images: DrawnImages) -> DrawCosts:
        num_samples, (num_runs, num_digits, num_px) = len(images), self.digits.shape
        codes = images.flatten(2).unflatten(1, (num_runs, num_digits)).transpose(0, 1)
        logits = self.decoder(codes.flatten(1, 2)).view(num_runs, num_samples, num_digits, num_px)
        targets = self.digits.unsqueeze(1).expand_as(logits)
        losses = binary_cross_entropy_with_logits(logits, targets, reduction="none").sum(dim=3)
        return losses.transpose(0, 1).flatten(1)

    @property
    def footprint_px(self) -> int:
        return self.num_latents - 1

    def cost_map(self, images: DrawnImages) -> CostMap:
        costs = self.cost(images) / self.num_latents
        return costs[:, :, None, None].expand(-1, -1, *images.shape[3:])


@dataclass(frozen=True)
class CodeSize:
    """How large a code is.

    Attributes:
        num_latents: Categorical variables.
        num_categories: Of each of them.
    """

    num_latents: int
    num_categories: int


@dataclass(frozen=True, eq=False)
class DiscreteAutoencoder:
    """Encoders and decoders of independent runs, trained together.

    Attributes:
        encoder: From pixels to the logits of the code.
        decoder: From the code's one-hots to the logits of pixels.
        code: What lies between.
    """

    encoder: Network
    decoder: Network
    code: CodeSize

    @classmethod
    def start(
        cls, num_runs: int, num_px: int, code: CodeSize, generator: torch.Generator
    ) -> "DiscreteAutoencoder":
        """Begin with random weights."""
        width = code.num_latents * code.num_categories
        encoder = Network.start(num_runs, (num_px, _NUM_HIDDEN, width), generator)
        decoder = Network.start(num_runs, (width, _NUM_HIDDEN, num_px), generator)
        return cls(encoder, decoder, code)

    @property
    def weights(self) -> tuple[Tensor, ...]:
        """All that is trained."""
        return self.encoder.weights + self.decoder.weights

    def encode(self, digits: Digits) -> Logits:
        """Return the logits of codes: all runs' digits are the pictures of one batch."""
        logits = self.encoder(digits).flatten(0, 1)
        return logits.view(-1, self.code.num_categories, 1, self.code.num_latents)

    def model(self, logits: Logits) -> Categorical:
        """Return the distribution of codes; category k is shown as the k-th unit vector."""
        one_hots = torch.eye(self.code.num_categories, dtype=logits.dtype)
        return Categorical.from_logits(logits.detach(), one_hots.expand(len(logits), -1, -1))

    def divergence(self, logits: Logits) -> PictureCosts:
        """Return the exact divergence of each code's distribution from the uniform one."""
        log_probs = logits.log_softmax(dim=1)
        gains = log_probs + math.log(self.code.num_categories)
        return (log_probs.exp() * gains).sum(dim=(1, 2, 3))

    def bound(
        self, digits: Digits, num_samples: int, generator: torch.Generator
    ) -> Float[Tensor, "r"]:
        """Return the mean negative evidence lower bound of each run in nats a digit.

        Args:
            digits: The same for all runs, or not.
            num_samples: Codes to draw for each digit; hard ones.
            generator: Of these draws.
        """
        logits = self.encode(digits)
        model = self.model(logits)
        codes = model.images(model.draw_indices(num_samples, generator))
        prices = DecoderCost(self.decoder, digits, self.code.num_latents).cost(codes).mean(dim=0)
        return (prices + self.divergence(logits)).view(digits.shape[:2]).mean(dim=1)

    def differentiate(
        self,
        digits: Digits,
        estimator: Estimator,
        state: object,
        num_samples: int,
        generator: torch.Generator,
    ) -> object:
        """Add the gradient of the bound to the weights; return the estimator's next state.

        The estimator's gradient for the logits goes on into the encoder. The decoder learns from
        hard codes of its own, and the divergence has an exact gradient: runs with two estimators
        differ in nothing else.

        Args:
            digits: A batch for each run.
            estimator: Of the gradient for the logits.
            state: What the last call returned; None at first.
            num_samples: Codes to draw for the decoder.
            generator: Of all draws.
        """
        logits = self.encode(digits)
        model = self.model(logits)
        fixed = DecoderCost(self.decoder.detach(), digits, self.code.num_latents)
        estimate, state = estimator.estimate(model, fixed, generator, state)
        codes = model.images(model.draw_indices(num_samples, generator))
        prices = DecoderCost(self.decoder, digits, self.code.num_latents).cost(codes).mean(dim=0)
        num_digits = digits.shape[1]
        loss = (prices + self.divergence(logits)).sum() / num_digits
        torch.autograd.backward((logits, loss), (estimate.grad_logits / num_digits, None))
        return state
