"""The cross-entropy method: probabilities move to the color frequencies of the best draws."""

from collections.abc import Iterator
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ditherlab.discrete.search import Search, SearchContext, Step
from ditherlab.estimators.credit import Credit, credit_pixels
from ditherlab.protocol.categorical import Categorical, largest_color, peaked_probs
from ditherlab.types import Indices, Probs

# Of the color that the first picture shows; the others share the rest.
_CERTAINTY = 0.5

# The smallest probability of a color, so that every color can still be drawn.
_LEAST_PROB = 1e-3


class CrossEntropySearch(Search):
    """Draw pictures, keep the elite, and move the probabilities to its color frequencies.

    `p <- (1 - rate) p + rate * (frequencies of the colors among the elite)`. With local credit,
    each pixel has a separate elite, by the cost of the windows that contain it. With global credit,
    which any cost supports, the elite consists of whole pictures.

    Source: Reuven Rubinstein and Dirk Kroese, "The Cross-Entropy Method", Springer 2004, algorithm
    4.1 with the smoothing of eq. 5.2.

    Args:
        context: The initial state of the search.
        num_samples: Number of pictures drawn in each round, at least 2.
        elite: The part of the draws that is kept, above 0 and below 1.
        rate: The step of the probabilities, above 0 and at most 1.
        credit: `local` or `global`.
    """

    def __init__(
        self,
        context: SearchContext,
        *,
        num_samples: int = 32,
        elite: float = 0.25,
        rate: float = 0.3,
        credit: Credit = "local",
    ) -> None:
        self.context, self.num_samples, self.rate, self.credit = context, num_samples, rate, credit
        self.num_elite = max(1, round(elite * num_samples))
        self.num_done = 0
        self.probs: Probs = peaked_probs(context.indices, context.palette, _CERTAINTY)

    @property
    def indices(self) -> Int[Tensor, "h w"]:
        return largest_color(self.probs)[0]

    def steps(self) -> Iterator[Step]:
        context = self.context
        for number in range(self.num_done, context.num_rounds):
            model = Categorical(self.probs, context.palette)
            indices = model.draw_indices(self.num_samples, context.generator)
            costs, prices = self._price(model, indices)
            best = prices.topk(self.num_elite, dim=0, largest=False).indices
            # Nothing can be learned from a cost that is not a number; the solver will see it.
            if bool(costs.isfinite().all()):
                self._learn(indices.gather(0, best.expand(-1, *indices.shape[1:])))
            self.num_done = number + 1
            yield Step((number + 1) / context.num_rounds, costs.mean(), self.num_samples)

    def values(self) -> Any:
        return self.num_done, self.probs

    def resume(self, values: Any) -> None:
        self.num_done, self.probs = values

    def _price(
        self, model: Categorical, indices: Indices
    ) -> tuple[Float[Tensor, "s"], Float[Tensor, "s b h w"]]:
        """Return the cost of each picture and the values per pixel; one by one, to save memory."""
        cost = self.context.cost
        costs, prices = [], []
        for drawn in indices.split(1):
            images = model.images(drawn)
            if self.credit == "local":
                costs_there = cost.cost_map(images)
                costs.append(costs_there.sum(dim=(1, 2, 3)))
                prices.append(credit_pixels(costs_there, cost.footprint_px))
            else:
                whole = cost.cost(images)
                costs.append(whole[:, 0])
                prices.append(whole[..., None, None])
        return torch.cat(costs), torch.cat(prices)

    def _learn(self, elite: Indices) -> None:
        """Move the probabilities to the color frequencies of the elite."""
        shown = torch.zeros_like(self.probs)
        ones = torch.ones_like(elite, dtype=shown.dtype)
        shown.scatter_add_(1, elite.transpose(0, 1), ones.transpose(0, 1) / len(elite))
        self.probs = self.probs.lerp(shown, self.rate).clamp_min_(_LEAST_PROB)
        self.probs /= self.probs.sum(dim=1, keepdim=True)
