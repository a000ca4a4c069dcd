"""A variational autoencoder with a code of categories."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from ditherlab.estimators import ScoreFunction
from ditherlab.programs import estimate, expected_cost
from ditherlab.protocol import Estimator

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
class DecoderCost:
    """`-log p(digit | code)` of a decoder, for a code of one-hots.

    Attributes:
        decoder: The network from codes to logits of pixels.
        digits: The digits to decode.
    """

    decoder: Network
    digits: Digits

    def __call__(self, codes: Float[Tensor, "s n l k"]) -> Float[Tensor, "s n"]:
        """Price several codes of each digit; the digits of all runs form one batch."""
        num_samples, (num_runs, num_digits, num_px) = len(codes), self.digits.shape
        flat = codes.mT.flatten(2).unflatten(1, (num_runs, num_digits)).transpose(0, 1)
        logits = self.decoder(flat.flatten(1, 2)).view(num_runs, num_samples, num_digits, num_px)
        targets = self.digits.unsqueeze(1).expand_as(logits)
        losses = binary_cross_entropy_with_logits(logits, targets, reduction="none").sum(dim=3)
        return losses.transpose(0, 1).flatten(1)


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

    def encode(self, digits: Digits) -> Float[Tensor, "n l k"]:
        """Return the logits of codes; the digits of all runs form one batch."""
        planes = self.encoder(digits).flatten(0, 1)
        return planes.view(-1, self.code.num_categories, self.code.num_latents).mT

    def divergence(self, logits: Float[Tensor, "n l k"]) -> Float[Tensor, "n"]:
        """Return the exact KL divergence of each code's distribution from the uniform one."""
        log_probs = logits.log_softmax(dim=2)
        gains = log_probs + math.log(self.code.num_categories)
        return (log_probs.exp() * gains).sum(dim=(1, 2))

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
        prices = self._decode(logits, digits, num_samples, generator)
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
        fixed = DecoderCost(self.decoder.detach(), digits)
        found = estimate(
            fixed, logits, estimator, num_batch_dims=1, generator=generator, state=state
        )
        prices = self._decode(logits, digits, num_samples, generator)
        num_digits = digits.shape[1]
        loss = (prices + self.divergence(logits)).sum() / num_digits
        torch.autograd.backward((logits, loss), (found.grad_logits / num_digits, None))
        return found.state

    def _decode(
        self,
        logits: Float[Tensor, "n l k"],
        digits: Digits,
        num_samples: int,
        generator: torch.Generator,
    ) -> Float[Tensor, "n"]:
        """Price hard codes, with a gradient for the decoder only."""
        return expected_cost(
            DecoderCost(self.decoder, digits),
            logits.detach(),
            ScoreFunction(num_samples=num_samples),
            num_batch_dims=1,
            generator=generator,
        )
