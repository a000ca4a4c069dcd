"""Orders of the colors, of which each pixel takes one at random before it is drawn."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import combinations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ditherlab.types import Indices, Probs

Bounds = Float[Tensor, "b h w"]
ColorNumbers = Int[Tensor, "b h w"]
Cumulative = Float[Tensor, "b k1 h w"]
"""The sums of the probabilities before each color, in the palette's order, and of all of them."""


@dataclass(frozen=True)
class RandomOrders(ABC):
    """A family of orders, all equally probable, each known by its first and last color.

    Attributes:
        num_colors: Number of colors.
    """

    num_colors: int

    @property
    @abstractmethod
    def ends(self) -> list[tuple[int, int]]:
        """The first and the last color of each order."""

    @abstractmethod
    def list_colors(self, first: ColorNumbers, last: ColorNumbers) -> Int[Tensor, "b k h w"]:
        """Return the colors in the order of each pixel."""

    @abstractmethod
    def lower_bound(
        self, cumulative: Cumulative, color: ColorNumbers, first: int, last: int
    ) -> Bounds:
        """Return the probability of all colors before the given ones, in one order."""

    def invert(self, uniform: Float[Tensor, "s b h w"], choice: Bounds, probs: Probs) -> Indices:
        """Draw colors by inverting the cumulative distribution of an order.

        Args:
            uniform: Decides the colors.
            choice: Uniform numbers that decide the order of each pixel.
            probs: The probabilities of the colors.
        """
        ends = torch.tensor(self.ends, device=probs.device)
        numbers = (choice * len(ends)).long().clamp_max(len(ends) - 1)
        order = self.list_colors(*ends[numbers].unbind(dim=-1))
        bounds = probs.gather(1, order).cumsum(dim=1)[:, :-1]
        places = (uniform.unsqueeze(2) >= bounds).sum(dim=2)
        drawn: Tensor = order.gather(1, places.transpose(0, 1)).transpose(0, 1)
        return drawn


class Rotations(RandomOrders):
    """The palette's order, rotated by any number of places."""

    @property
    def ends(self) -> list[tuple[int, int]]:
        return [(first, (first - 1) % self.num_colors) for first in range(self.num_colors)]

    def list_colors(self, first: ColorNumbers, last: ColorNumbers) -> Int[Tensor, "b k h w"]:
        del last
        places = torch.arange(self.num_colors, device=first.device).view(-1, 1, 1)
        return (places + first.unsqueeze(1)) % self.num_colors

    def lower_bound(
        self, cumulative: Cumulative, color: ColorNumbers, first: int, last: int
    ) -> Bounds:
        del last
        low = cumulative.gather(1, color.unsqueeze(1)).squeeze(1) - cumulative[:, first]
        return torch.where(low < 0, low + 1, low)


class AnyEnds(RandomOrders):
    """Any two colors first and last, the others between them as in the palette."""

    @property
    def ends(self) -> list[tuple[int, int]]:
        return list(combinations(range(self.num_colors), 2)) or [(0, 0)]

    def list_colors(self, first: ColorNumbers, last: ColorNumbers) -> Int[Tensor, "b k h w"]:
        first, last = first.unsqueeze(1), last.unsqueeze(1)
        places = torch.arange(self.num_colors, device=first.device).view(-1, 1, 1)
        # Of two ends, the first has the lower number: the others skip it, then the last one.
        between = places - (places <= first).long()
        between = between + (between >= last)
        order = torch.where(places == 0, first, between)
        return torch.where(places == self.num_colors - 1, last, order)

    def lower_bound(
        self, cumulative: Cumulative, color: ColorNumbers, first: int, last: int
    ) -> Bounds:
        chance_first, chance_last = (
            cumulative[:, end + 1] - cumulative[:, end] for end in (first, last)
        )
        low = cumulative.gather(1, color.unsqueeze(1)).squeeze(1)
        low = low + chance_first * (color < first) - chance_last * (color > last)
        low = low.masked_fill(color == first, 0)
        return torch.where(color == last, 1 - chance_last, low)
