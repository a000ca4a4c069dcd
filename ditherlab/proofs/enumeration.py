"""A problem small enough to list all of its pictures: 2 x 3 pixels, 3 colors, 729 pictures."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ditherlab.errors import AbilityError
from ditherlab.proofs.costs import COSTS, HEIGHT, NUM_COLORS, WIDTH
from ditherlab.protocol import Cost, Estimate, Estimator
from ditherlab.protocol.categorical import Categorical
from ditherlab.randomness import seeded_generator


@dataclass(frozen=True)
class Truth:
    """The expected cost and its gradient.

    Attributes:
        value: The expected cost, or the mean of an estimator's values: a scalar.
        grad_logits: Its gradient for the logits, `[1 k h w]`.
        grad_palette: Its gradient for the palette, `[1 k c]`.
    """

    value: Tensor
    grad_logits: Tensor
    grad_palette: Tensor


@dataclass(frozen=True)
class Enumeration:
    """All pictures of a tiny problem, and sums over them.

    Attributes:
        logits: `[1 k h w]`, float64.
        palette: `[1 k 1]`, gray values.
    """

    logits: Tensor
    palette: Tensor

    @classmethod
    def random(cls) -> "Enumeration":
        """Make the problem that proofs use, always the same one."""
        generator = seeded_generator(3)
        shape = (1, NUM_COLORS, HEIGHT, WIDTH)
        logits = torch.randn(shape, generator=generator, dtype=torch.float64)
        palette = torch.rand((1, NUM_COLORS, 1), generator=generator, dtype=torch.float64)
        return cls(logits, palette)

    @property
    def model(self) -> Categorical:
        """The distribution of pictures, with a palette to learn."""
        return Categorical.from_logits(self.logits, self.palette, learns_palette=True)

    def repeat(self, num_trials: int) -> Categorical:
        """The same problem many times, the trials on the batch axis."""
        return Categorical.from_logits(
            self.logits.expand(num_trials, -1, -1, -1),
            self.palette.expand(num_trials, -1, -1),
            learns_palette=True,
        )

    def keep_colors(self, num_colors: int | None) -> "Enumeration":
        """Leave out colors, for estimators that need a palette of a certain size."""
        return Enumeration(self.logits[:, :num_colors], self.palette[:, :num_colors])

    def costs_for(self, estimator: Estimator) -> Mapping[str, Cost]:
        """Return the costs that an estimator can work with.

        Raises:
            AbilityError: If there is none.
        """
        fitting = {name: cost for name, cost in COSTS.items() if estimator.needs <= cost.abilities}
        if not fitting:
            needs = ", ".join(sorted(estimator.needs))
            raise AbilityError(f"`{estimator}` needs {needs}, which no cost of the proofs offers.")
        return fitting

    @property
    def pictures(self) -> Tensor:
        """Every picture as indices, `[n h w]`."""
        _, num_colors, height, width = self.logits.shape
        tuples = itertools.product(range(num_colors), repeat=height * width)
        return torch.tensor(list(tuples)).view(-1, height, width)

    def truth(self, cost: Cost) -> Truth:
        """Differentiate `sum_x p(x) f(x)` in the logits and the palette."""
        logits, palette = (
            self.logits.clone().requires_grad_(),
            self.palette.clone().requires_grad_(),
        )
        model = Categorical.from_logits(logits, palette)
        pictures = self.pictures.unsqueeze(1)
        log_probs = logits.log_softmax(dim=1).expand(len(pictures), -1, -1, -1)
        chances = log_probs.gather(1, pictures).sum(dim=(1, 2, 3)).exp()
        value = (chances * cost.cost(model.images(pictures))[:, 0]).sum()
        gradients = torch.autograd.grad(value, [logits, palette], materialize_grads=True)
        return Truth(value.detach(), *gradients)

    def mean_estimate(
        self, estimator: Estimator, cost: Cost, num_samples: int, state: Any = None
    ) -> Truth:
        """Weigh the estimate of every combination of draws with its probability.

        An estimator does not see the order of its draws, so each set stands for all its orders.

        Args:
            estimator: An estimator whose noise is `indices`.
            cost: The cost.
            num_samples: The number of its draws, 1 or 2.
            state: The state of past steps.
        """
        pictures = self.pictures
        combinations = torch.combinations(
            torch.arange(len(pictures)), num_samples, with_replacement=True
        ).T
        num_combinations = combinations.shape[1]
        model = self.repeat(num_combinations)
        draws = pictures[combinations]
        chances = model.probs.log().unsqueeze(0).expand(num_samples, -1, -1, -1, -1)
        chances = chances.gather(2, draws.unsqueeze(2)).sum(dim=(0, 2, 3, 4)).exp()
        if num_samples == 2:
            chances = chances * (1 + (combinations[0] != combinations[1]))
        elif num_samples > 2:
            raise ValueError("Orders are only counted for pairs.")
        with torch.no_grad():
            estimate, _ = estimator.weigh(draws, model, cost, state, None)
        return self.mean(estimate, chances)

    def mean(self, estimate: Estimate, chances: Tensor) -> Truth:
        """Weigh the estimates on the batch axis with their chances."""
        palette = estimate.grad_palette
        if palette is None:
            palette = torch.zeros_like(self.palette).expand(len(chances), -1, -1)
        return Truth(
            (estimate.value * chances).sum(),
            torch.einsum("b,bkhw->khw", chances, estimate.grad_logits).unsqueeze(0),
            torch.einsum("b,bkc->kc", chances, palette).unsqueeze(0),
        )
