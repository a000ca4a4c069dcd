"""Costs of tiny pictures on which estimators are proven."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ditherlab.objectives import ViewedError
from ditherlab.protocol import Ability, Cost, Target, rows_seen
from ditherlab.types import CostMap, DrawCosts, DrawnImages, DrawnMoments, MomentTable, Statistics

HEIGHT, WIDTH, NUM_COLORS = 2, 3, 3

# How much each pixel counts in the window around the middle one.
KERNEL = torch.tensor([[0.4, 1, 0.7], [0.9, 1.5, 1.1], [0.3, 0.8, 0.6]], dtype=torch.float64)


@dataclass(frozen=True, eq=False)
class WholePictureCost(Cost):
    """A cost that every pixel answers for: its only window is the picture, around the first pixel.

    Attributes:
        weight: 0 where that window does not count.
    """

    weight: float = 1.0

    @property
    def footprint_px(self) -> int:
        return max(HEIGHT, WIDTH) - 1

    def cost_map(self, images: DrawnImages) -> CostMap:
        placed = torch.zeros_like(images[:, :, 0])
        placed[..., 0, 0] = self.cost(images)
        return placed

    def restrict(self, rows: range, halo_px: int) -> Cost:
        return replace(self, weight=float(0 in rows))


@dataclass(frozen=True, eq=False)
class InteractingCost(WholePictureCost):
    """A smooth cost of products of neighbors, far from zero."""

    abilities: frozenset[Ability] = frozenset({"value", "gradient", "local"})

    def cost(self, images: DrawnImages) -> DrawCosts:
        beside = (images[..., 1:] * images[..., :-1]).sum(dim=(2, 3, 4))
        below = (images[..., 1:, :] - 0.3 * images[..., :-1, :]).pow(3).sum(dim=(2, 3, 4))
        cost = 11 + 2 * beside + below + (1.7 * images.sum(dim=(2, 3, 4))).sin()
        return self.weight * cost


@dataclass(frozen=True, eq=False)
class LinearCost(Cost):
    """A cost that is linear in the pixels."""

    abilities: frozenset[Ability] = frozenset({"value", "gradient"})

    def cost(self, images: DrawnImages) -> DrawCosts:
        weights = torch.arange(images[0, 0].numel(), dtype=images.dtype).view(images.shape[2:])
        return 3 + (images * (1 + weights)).sum(dim=(2, 3, 4))


@dataclass(frozen=True, eq=False)
class WindowedCost(Cost):
    """A cost of 3 x 3 windows: a curved function of weighted sums of x and x^2 in each of them.

    Attributes:
        first_row: Of the windows that count, in the picture from which this one may be cut.
        counts: Which rows of windows count; None for all.
    """

    first_row: int = 0
    counts: range | None = None
    abilities: frozenset[Ability] = frozenset({"value", "gradient", "local", "statistics"})

    @property
    def footprint_px(self) -> int:
        return 1

    def cost(self, images: DrawnImages) -> DrawCosts:
        return self.cost_map(images).sum(dim=(2, 3))

    def cost_map(self, images: DrawnImages) -> CostMap:
        return self.map_from_statistics(
            self.statistics(torch.cat([images, images.square()], dim=2))
        )

    def restrict(self, rows: range, halo_px: int) -> Cost:
        return WindowedCost(rows_seen(rows, halo_px, HEIGHT).start, rows)

    def color_moments(self, palette: Tensor) -> MomentTable:
        return torch.cat([palette, palette.square()], dim=2).mT

    def features(self, moments: DrawnMoments) -> Statistics:
        return moments

    def gather(self, features: Statistics) -> Statistics:
        kernel = KERNEL.to(features.dtype).view(1, 1, 3, 3)
        flat = features.flatten(0, 2).unsqueeze(1)
        return torch.nn.functional.conv2d(flat, kernel, padding=1).view(features.shape)

    def window_weights(self, rows: int, columns: int) -> Tensor:
        return KERNEL[1 + rows, 1 + columns].expand(HEIGHT, WIDTH)

    def map_from_statistics(self, statistics: Statistics) -> CostMap:
        first, second = statistics.unbind(dim=2)
        height, width = first.shape[2:]
        rows = torch.arange(self.first_row, self.first_row + height, dtype=first.dtype)
        places = rows.view(-1, 1) * WIDTH + torch.arange(width, dtype=first.dtype)
        cost_map = 3 + places + first * second + (2 * second).sin()
        if self.counts is None:
            return cost_map
        counted = torch.tensor([int(row) in self.counts for row in rows])
        return cost_map * counted.view(-1, 1)


@dataclass(frozen=True, eq=False)
class BlackBox(WholePictureCost):
    """A cost with steps and no gradient."""

    abilities: frozenset[Ability] = frozenset({"value", "local"})

    def cost(self, images: DrawnImages) -> DrawCosts:
        values = images.detach()
        jumps = (values[..., 1:] > values[..., :-1]).sum(dim=(2, 3, 4))
        return self.weight * (5 + jumps.to(values.dtype).square())


def viewed_error() -> Cost:
    """A cost whose expectation is exact, and that offers everything."""
    images = torch.linspace(0.1, 0.9, HEIGHT * WIDTH, dtype=torch.float64)
    opaque = torch.ones((1, 1, HEIGHT, WIDTH), dtype=torch.bool)
    return ViewedError(blur_px=0.4).bind(Target(images.view(1, 1, HEIGHT, WIDTH), opaque))


COSTS: Mapping[str, Cost] = {
    "interacting": InteractingCost(),
    "windowed": WindowedCost(),
    "black box": BlackBox(),
    "viewed error": viewed_error(),
}
