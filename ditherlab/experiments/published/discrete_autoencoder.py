"""A variational autoencoder whose code is a tiny picture: each latent variable is a pixel."""

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
    """A network with one hidden layer of `tanh`, with separate weights for each run.

    Attributes:
        weights: Matrix and bias of the first layer, then those of the second.
    """

    weights: tuple[Tensor, ...]

    @classmethod
    def start(cls, num_runs: int, sizes: Sequence[int], generator: torch.Generator) -> "Network":
        """Initialize weights with variance `1 / num_inputs`, and biases with zero."""

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
        """Return a copy without gradients for the weights."""
        return Network(tuple(weights.detach() for weights in self.weights))


@dataclass(frozen=True, eq=False)
class DecoderCost(Cost):
    """`-log p(digit | code)` of a decoder, where a code is a picture with one row of one-hots.

    The cost has no local parts, so the cost map gives each pixel an equal share.

    Attributes:
        decoder: The network from codes to logits of pixels.
        digits: The digits to decode.
        num_latents: The width of a code.
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
    """The size of a code.

    Attributes:
        num_latents: Number of categorical variables.
        num_categories: Number of categories of each variable.
    """

    num_latents: int
    num_categories: int


@dataclass(frozen=True, eq=False)
class DiscreteAutoencoder:
    """Encoders and decoders of independent runs, trained together.

    Attributes:
        encoder: The network from pixels to the logits of the code.
        decoder: The network from the code's one-hots to the logits of pixels.
        code: The size of the code.
    """

    encoder: Network
    decoder: Network
    code: CodeSize

    @classmethod
    def start(
        cls, num_runs: int, num_px: int, code: CodeSize, generator: torch.Generator
    ) -> "DiscreteAutoencoder":
        """Initialize with random weights."""
        width = code.num_latents * code.num_categories
        encoder = Network.start(num_runs, (num_px, _NUM_HIDDEN, width), generator)
        decoder = Network.start(num_runs, (width, _NUM_HIDDEN, num_px), generator)
        return cls(encoder, decoder, code)

    @property
    def weights(self) -> tuple[Tensor, ...]:
        """All trained weights."""
        return self.encoder.weights + self.decoder.weights

    def encode(self, digits: Digits) -> Logits:
        """Return the logits of codes; the digits of all runs form one batch."""
        logits = self.encoder(digits).flatten(0, 1)
        return logits.view(-1, self.code.num_categories, 1, self.code.num_latents)

    def model(self, logits: Logits) -> Categorical:
        """Return the distribution of codes; the color of category k is the k-th unit vector."""
        one_hots = torch.eye(self.code.num_categories, dtype=logits.dtype)
        return Categorical.from_logits(logits.detach(), one_hots.expand(len(logits), -1, -1))

    def divergence(self, logits: Logits) -> PictureCosts:
        """Return the exact KL divergence of each code's distribution from the uniform one."""
        log_probs = logits.log_softmax(dim=1)
        gains = log_probs + math.log(self.code.num_categories)
        return (log_probs.exp() * gains).sum(dim=(1, 2, 3))

    def bound(
        self, digits: Digits, num_samples: int, generator: torch.Generator
    ) -> Float[Tensor, "r"]:
        """Return the mean negative evidence lower bound of each run, in nats per digit.

        Args:
            digits: The digits of each run.
            num_samples: Number of hard codes drawn for each digit.
            generator: The random generator.
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

        The estimator's gradient for the logits is backpropagated into the encoder. The decoder
        learns from separate hard codes, and the divergence has an exact gradient. Nothing else
        depends on the estimator.

        Args:
            digits: A batch for each run.
            estimator: The estimator of the gradient for the logits.
            state: The result of the last call; None at first.
            num_samples: Number of codes drawn for the decoder.
            generator: The random generator.
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
