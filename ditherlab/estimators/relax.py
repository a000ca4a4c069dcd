"""RELAX: the score function with a learned network as control variate."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from ditherlab.estimators.coupled_scores import CoupledScores, Scores, leave_out, relax
from ditherlab.estimators.hard_prices import HardPrices
from ditherlab.estimators.parameters import check_num_samples, check_positive, check_state
from ditherlab.protocol import Ability, Cost, Estimate, Estimator, Kept, Noise
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import DrawCosts, DrawnImages, Logits

_NUM_HIDDEN = 8
_MEAN_DECAY, _SQUARE_DECAY = 0.9, 0.99


@dataclass(frozen=True)
class Surrogate(Kept):
    """A network of two layers that prices relaxed pictures, with the state of its optimizer.

    Its inputs are windows of 3 x 3 pixels: the difference from the expected picture, and that
    picture.

    Attributes:
        weights: Kernels and biases, in the order of their use.
        means: Decaying means of their gradients.
        mean_squares: Decaying means of the squared gradients.
        num_steps: Number of learning steps so far.
    """

    weights: tuple[Tensor, ...]
    means: tuple[Tensor, ...]
    mean_squares: tuple[Tensor, ...]
    num_steps: int = 0

    @classmethod
    def start(cls, like: Tensor, num_channels: int) -> "Surrogate":
        """Make a network with small weights, always the same ones."""
        generator = torch.Generator().manual_seed(0)
        shapes = [(_NUM_HIDDEN, 2 * num_channels, 3, 3), (_NUM_HIDDEN,), (1, _NUM_HIDDEN, 1, 1)]
        weights = [torch.randn(shape, generator=generator).to(like) * 0.1 for shape in shapes]
        weights.append(like.new_zeros(()))
        zeros = tuple(torch.zeros_like(weight) for weight in weights)
        return cls(tuple(weights), zeros, zeros)

    def price(self, images: DrawnImages, mean: Tensor) -> DrawCosts:
        """Price relaxed pictures, differentiably: the mean over the pixels plus a constant."""
        kernels, biases, outputs, constant = self.weights
        seen = torch.cat([images - mean, mean.expand(images.shape)], dim=2)
        hidden = conv2d(seen.flatten(0, 1), kernels, biases, padding=1).tanh()
        prices: Tensor = conv2d(hidden, outputs).mean(dim=(1, 2, 3))
        costs: Tensor = prices.unflatten(0, images.shape[:2]) + constant
        return costs

    def learn(self, gradients: tuple[Tensor, ...], rate: float) -> "Surrogate":
        """Take one step of gradient descent with Adam's step sizes."""
        step = self.num_steps + 1
        means = tuple(
            mean.lerp(gradient, 1 - _MEAN_DECAY)
            for mean, gradient in zip(self.means, gradients, strict=True)
        )
        squares = tuple(
            square.lerp(gradient.square(), 1 - _SQUARE_DECAY)
            for square, gradient in zip(self.mean_squares, gradients, strict=True)
        )
        scale = rate * (1 - _SQUARE_DECAY**step) ** 0.5 / (1 - _MEAN_DECAY**step)
        tiny = torch.finfo(means[0].dtype).tiny
        weights = tuple(
            weight - scale * mean / (square + tiny).sqrt()
            for weight, mean, square in zip(self.weights, means, squares, strict=True)
        )
        return Surrogate(weights, means, squares, step)


@dataclass(frozen=True)
class Relax(Estimator):
    """`(f(b) - c(z~)) (onehot(b) - p) + (dc(z) - dc(z~)) / dtheta`, `c` a learned surrogate.

    REBAR with a small network in place of the relaxed cost, so the objective needs no gradient. The
    network prices relaxed pictures, and learns by gradient descent on the squared norm of the
    estimate, which is its variance plus a constant. Unbiased, because the network depends only on
    *past* draws. With several draws, the mean difference of the others is each one's baseline.
    Costs `num_samples` evaluations.

    Source: Will Grathwohl et al., "Backpropagation through the Void: Optimizing Control Variates
    for Black-Box Gradient Estimation", ICLR 2018, eq. 8 and algorithm 2.

    Attributes:
        num_samples: Pictures to draw per step.
        tau: The relaxation's temperature.
        learning_rate: Learning rate of the network's weights.
    """

    is_unbiased: ClassVar[bool] = True
    noise: ClassVar[Noise] = "gumbel"

    num_samples: int = 1
    tau: float = 0.5
    learning_rate: float = 0.01

    def __post_init__(self) -> None:
        check_num_samples(self, self.num_samples)
        check_positive(self, "tau", self.tau)
        check_positive(self, "learning_rate", self.learning_rate)

    def num_extra_planes(self, num_colors: int, num_channels: int) -> float:
        return 33.0 * num_colors * self.num_samples

    @property
    def needs(self) -> frozenset[Ability]:
        return frozenset({"value"})

    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        return model.draw_gumbel_noise(2 * self.num_samples, generator)

    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        check_state(self, state, Surrogate)
        surrogate: Surrogate = state or Surrogate.start(model.probs, model.palette.shape[2])
        scores = CoupledScores.of(draws, model)
        priced = HardPrices.of(scores.indices, model, cost)
        with torch.enable_grad():
            for weight in surrogate.weights:
                weight.requires_grad_()
            gradient = self._gradient(scores, priced.costs, surrogate, model)
            slopes = torch.autograd.grad(gradient.square().mean(), surrogate.weights)
        learned = surrogate.learn(slopes, self.learning_rate)
        return priced.estimate(gradient.detach(), self.num_samples), learned

    def _gradient(
        self, scores: CoupledScores, costs: DrawCosts, surrogate: Surrogate, model: Categorical
    ) -> Logits:
        """Estimate the gradient, as a differentiable function of the surrogate's weights."""
        mean = model.mix(model.probs)

        def differentiate(leaves: Scores) -> tuple[DrawCosts, Scores]:
            leaves = leaves.detach().requires_grad_()
            prices = surrogate.price(relax(leaves, self.tau, model), mean)
            (slopes,) = torch.autograd.grad(prices.sum(), leaves, create_graph=True)
            return prices, slopes

        _, grad_free = differentiate(scores.free)
        prices, grad_given = differentiate(scores.given)
        weights = leave_out(costs - prices)[:, :, None, None]
        score_term = model.weigh_scores(scores.indices, weights.expand(scores.indices.shape))
        return score_term + scores.to_logits(grad_free, -grad_given)
