"""The cross-entropy method: probabilities move to what the best of many draws have in common."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ditherlab.discrete.search import Method, Search, SearchContext, Step
from ditherlab.errors import RequestError
from ditherlab.estimators.credit import Credit, credit_pixels
from ditherlab.protocol import Ability
from ditherlab.protocol.categorical import Categorical, largest_color, peaked_probs
from ditherlab.types import Indices, Probs

# Measured, with local credit, which keeps a price for each pixel of each draw.
_PLANES_PER_SAMPLE, _PLANES_PER_COLOR = 11.0, 7.0

# Of the color that the first picture shows; the others share the rest.
_CERTAINTY = 0.5

# No color dies out before the others have won.
_LEAST_PROB = 1e-3


@dataclass(frozen=True)
class CrossEntropy(Method):
    """Draw pictures, keep the elite, and move the probabilities to what it shows.

    `p <- (1 - rate) p + rate * (frequencies of the colors among the elite)`. With local credit,
    each pixel has an elite of its own, by the cost of the windows that contain it; with global
    credit, as a function that only prices whole pictures has it, the elite is of whole pictures.

    Source: Reuven Rubinstein and Dirk Kroese, "The Cross-Entropy Method", Springer 2004, algorithm
    4.1 with the smoothing of eq. 5.2.

    Attributes:
        num_samples: Pictures to draw in each round, at least 2.
        elite: Which part of them is kept, above 0 and below 1.
        rate: How far the probabilities move, above 0 and at most 1.
        credit: `local` or `global`.
    """

    sweeps: ClassVar[bool] = False

    num_samples: int = 32
    elite: float = 0.25
    rate: float = 0.3
    credit: Credit = "local"

    def __post_init__(self) -> None:
        if self.num_samples < 2:
            raise RequestError(
                f"`cross-entropy(num_samples=...)` must be at least 2, got {self.num_samples}: of "
                "fewer there is no best part."
            )
        if not 0 < self.elite < 1:
            raise RequestError(
                f"`cross-entropy(elite=...)` must be above 0 and below 1, got {self.elite:g}."
            )
        if not 0 < self.rate <= 1:
            raise RequestError(
                f"`cross-entropy(rate=...)` must be above 0 and at most 1, got {self.rate:g}."
            )

    @property
    def needs(self) -> frozenset[Ability]:
        return frozenset({"value", "local"} if self.credit == "local" else {"value"})

    def num_planes(self, num_colors: int, num_channels: int) -> float:
        del num_channels
        return _PLANES_PER_SAMPLE * self.num_samples + _PLANES_PER_COLOR * num_colors

    def begin(self, scene: SearchContext) -> Search:
        return CrossEntropySearch(scene, self)


class CrossEntropySearch(Search):
    """Probabilities that learn from the best of their draws."""

    def __init__(self, scene: SearchContext, method: CrossEntropy) -> None:
        self.scene, self.method = scene, method
        self.probs: Probs = peaked_probs(scene.indices, scene.palette, _CERTAINTY)

    @property
    def indices(self) -> Int[Tensor, "h w"]:
        return largest_color(self.probs)[0]

    def visits(self) -> Iterator[Step]:
        method, scene = self.method, self.scene
        num_elite = max(1, round(method.elite * method.num_samples))
        for number in range(scene.num_rounds):
            model = Categorical(self.probs, scene.palette)
            indices = model.draw_indices(method.num_samples, scene.generator)
            costs, prices = self._price(model, indices)
            best = prices.topk(num_elite, dim=0, largest=False).indices
            # Of costs that are none there is nothing to learn; whoever follows sees them.
            if bool(costs.isfinite().all()):
                self._learn(indices.gather(0, best.expand(-1, *indices.shape[1:])))
            yield Step((number + 1) / scene.num_rounds, costs.mean(), method.num_samples)

    def _price(
        self, model: Categorical, indices: Indices
    ) -> tuple[Float[Tensor, "s"], Float[Tensor, "s b h w"]]:
        """Return what each picture costs, and what counts at each pixel; one by one, for memory."""
        cost = self.scene.cost
        costs, prices = [], []
        for drawn in indices.split(1):
            images = model.images(drawn)
            if self.method.credit == "local":
                costs_there = cost.cost_map(images)
                costs.append(costs_there.sum(dim=(1, 2, 3)))
                prices.append(credit_pixels(costs_there, cost.footprint_px))
            else:
                whole = cost.cost(images)
                costs.append(whole[:, 0])
                prices.append(whole[..., None, None])
        return torch.cat(costs), torch.cat(prices)

    def _learn(self, elite: Indices) -> None:
        """Move to the frequencies of the elite."""
        shown = torch.zeros_like(self.probs)
        ones = torch.ones_like(elite, dtype=shown.dtype)
        shown.scatter_add_(1, elite.transpose(0, 1), ones.transpose(0, 1) / len(elite))
        self.probs = self.probs.lerp(shown, self.method.rate).clamp_min_(_LEAST_PROB)
        self.probs /= self.probs.sum(dim=1, keepdim=True)
