"""Pictures with frozen noise, whose costs deterministic optimizers can minimize."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ditherlab.estimators import CommonRandomNumbers, GumbelSoftmax
from ditherlab.protocol import Cost, Estimator
from ditherlab.protocol.categorical import Categorical, largest_color
from ditherlab.randomness import seeded_generator
from ditherlab.types import Colors, DrawnImages, Logits

Slope = Callable[[Tensor], tuple[float, Tensor]]
"""Returns the value to minimize and its gradient at a point."""


@dataclass(frozen=True)
class Descent:
    """The result of an optimizer.

    Attributes:
        values: The value of each evaluation, including those that a line search rejected.
        end: The final point.
    """

    values: list[float]
    end: Tensor

    def best_after(self, num_evaluations: int) -> float:
        """Return the lowest value among the first evaluations."""
        return min(self.values[:num_evaluations])

    def running_best(self) -> list[float]:
        """Return the lowest value so far, after each evaluation."""
        return [self.best_after(number + 1) for number in range(len(self.values))]


def descend_by_lbfgs(
    slope: Slope, start: Tensor, num_evaluations: int, tolerance: float = 0.0
) -> Descent:
    """Minimize with L-BFGS and a line search for the strong Wolfe conditions.

    Args:
        slope: The function to minimize.
        start: The initial point.
        num_evaluations: The largest number of evaluations; the last line search may exceed it.
        tolerance: Stop if no entry of the gradient is larger.
    """
    place = start.clone().requires_grad_()
    optimizer = torch.optim.LBFGS(
        [place],
        max_iter=num_evaluations,
        max_eval=num_evaluations,
        history_size=20,
        tolerance_grad=tolerance,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )
    values: list[float] = []
    optimizer.step(lambda: _evaluate(slope, place, values))
    return Descent(values, place.detach())


def descend_by_adam(slope: Slope, start: Tensor, num_evaluations: int, rate: float) -> Descent:
    """Minimize with Adam."""
    place = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([place], lr=rate)
    values: list[float] = []
    for _ in range(num_evaluations):
        _evaluate(slope, place, values)
        optimizer.step()
    return Descent(values, place.detach())


def _evaluate(slope: Slope, place: Tensor, values: list[float]) -> float:
    value, place.grad = slope(place.detach())
    values.append(value)
    return value


@dataclass(frozen=True)
class FrozenPictures:
    """Pictures with frozen Gumbel noise, which depend only on their logits.

    Attributes:
        cost: The cost of the pictures.
        palette: The palette of one picture.
        num_samples: The number of pictures.
        tau: The temperature of relaxed pictures.
        noise_seed: The seed of the noise.
    """

    cost: Cost
    palette: Colors
    num_samples: int
    tau: float
    noise_seed: int

    @property
    def _relaxed(self) -> CommonRandomNumbers:
        relaxed = GumbelSoftmax(num_samples=self.num_samples, tau=self.tau)
        return CommonRandomNumbers(relaxed, self.noise_seed)

    def model(self, logits: Logits) -> Categorical:
        """Return the distribution of pictures."""
        return Categorical.from_logits(logits, self.palette)

    def perturbed(self, logits: Logits) -> Float[Tensor, "s b k h w"]:
        """Return the log probabilities with the frozen noise."""
        model = self.model(logits)
        # The option draws from its own seed, whatever generator it is given.
        noise: Tensor = self._relaxed.draw(model, seeded_generator(0))
        return model.log_probs + noise

    def hard_images(self, logits: Logits) -> DrawnImages:
        """Draw the hard pictures."""
        return self.model(logits).images(largest_color(self.perturbed(logits)))

    def price_hard(self, logits: Logits) -> float:
        """Return the mean cost of the hard pictures."""
        return float(self.cost.cost(self.hard_images(logits)).mean())

    def price_relaxed(self, logits: Logits) -> float:
        """Return the mean cost of the relaxed pictures."""
        relaxed = (self.perturbed(logits) / self.tau).softmax(dim=2)
        return float(self.cost.cost(self.model(logits).mix(relaxed)).mean())

    def relaxed_slope(self, logits: Logits) -> tuple[float, Tensor]:
        """Return the mean cost of the relaxed pictures and its gradient."""
        return self.price_relaxed(logits), self.estimated_slope(self._relaxed)(logits)[1]

    def estimated_slope(self, estimator: Estimator, seed: int = 0) -> Slope:
        """Return an estimator's value, the mean cost of hard pictures, and its gradient."""
        generator = seeded_generator(seed)

        def slope(logits: Tensor) -> tuple[float, Tensor]:
            estimate, _ = estimator.estimate(self.model(logits), self.cost, generator)
            return float(estimate.value), estimate.grad_logits

        return slope
