"""The variance loss of differentiable dithering."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from ditherlab.errors import RequestError
from ditherlab.protocol import Ability, Cost, Objective, Target, keep_rows, rows_seen
from ditherlab.types import (
    Colors,
    CostMap,
    DrawCosts,
    DrawnImages,
    DrawnMoments,
    Images,
    Moments,
    MomentTable,
    PictureCosts,
    Statistics,
    WindowWeights,
)


@dataclass(frozen=True)
class Variance(Objective):
    """Squared error of the expected picture plus `c` times the variance of the drawn one.

    `(E X - y)^2 + c Var X` in display sRGB, mean over opaque pixels and channels. With c < 1 this
    is not the expected cost of a drawn picture, and its optimum stays random. With c = 1 it is the
    squared error of the drawn picture; only then can it price drawn pictures.

    Source: Peter Stefek, "Differentiable Dithering", 2020.

    Attributes:
        c: The weight of the variance, 0 to 1; the post uses 0.25.
    """

    c: float = 0.25

    def __post_init__(self) -> None:
        if not 0 <= self.c <= 1:
            raise RequestError(f"`variance(c=...)` must be from 0 to 1, got {self.c:g}.")

    @property
    def abilities(self) -> frozenset[Ability]:
        if self.draws_its_dither:
            return frozenset({"expectation"})
        return frozenset({"expectation", "value", "gradient", "local", "statistics"})

    @property
    def draws_its_dither(self) -> bool:
        return self.c < 1

    @property
    def min_size_px(self) -> int:
        return 1

    def bind(self, target: Target) -> Cost:
        weights = target.opaque / target.num_opaque.view(-1, 1, 1, 1)
        return VarianceCost(self.c, self.abilities, target.images, weights)


@dataclass(frozen=True, eq=False)
class VarianceCost(Cost):
    """The variance loss of one target.

    Attributes:
        images: The target.
        weights: The share of each pixel, 0 at transparent pixels.
    """

    c: float
    abilities: frozenset[Ability]
    images: Images
    weights: Float[Tensor, "b 1 h w"]

    def cost(self, images: DrawnImages) -> DrawCosts:
        return self.cost_map(images).sum(dim=(2, 3))

    @property
    def footprint_px(self) -> int:
        return 0

    def cost_map(self, images: DrawnImages) -> CostMap:
        if "value" not in self.abilities:
            raise self._lacks("value")
        return ((images - self.images).square() * self.weights).mean(dim=2)

    def restrict(self, rows: range, halo_px: int) -> Cost:
        seen = rows_seen(rows, halo_px, self.images.shape[-2])
        weights = keep_rows(self.weights, rows)
        return replace(self, images=self.images[..., seen, :], weights=weights[..., seen, :])

    @property
    def num_moments(self) -> int:
        return 2 * self.images.shape[1]

    def color_moments(self, palette: Colors) -> MomentTable:
        return torch.cat([palette, palette.square()], dim=2).mT

    @property
    def num_statistics(self) -> int:
        return self.num_moments

    def features(self, moments: DrawnMoments) -> Statistics:
        return moments

    def gather(self, features: Statistics) -> Statistics:
        return features

    def window_weights(self, rows: int, columns: int) -> WindowWeights:
        return self.images.new_full(self.images.shape[-2:], float(rows == columns == 0))

    def map_from_statistics(self, statistics: Statistics) -> CostMap:
        mean, mean_square = statistics.chunk(2, dim=2)
        error = mean_square - 2 * mean * self.images + self.images.square()
        return (error * self.weights).mean(dim=2)

    @property
    def num_expected_moments(self) -> int:
        return self.num_moments

    def expected_color_moments(self, palette: Colors) -> MomentTable:
        return self.color_moments(palette)

    def expected_from_moments(self, moments: Moments) -> PictureCosts:
        mean, mean_square = moments.chunk(2, dim=1)
        variance = mean_square - mean.square()
        loss = (mean - self.images).square() + self.c * variance
        return (loss * self.weights).mean(dim=1).sum(dim=(1, 2))
