"""Squared error as the eye sees it: blurred in linear light, in steps of equal visibility."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ditherlab.color import srgb_encoding_slope, srgb_to_linear
from ditherlab.filtering import filter_reflected_squared, reflected_weights
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
from ditherlab.viewing import EyeBlur

# Linear light below which a display's reflections keep steps from becoming more visible.
_DARKEST_LINEAR = 0.01


@dataclass(frozen=True)
class ViewedError(Objective):
    """Mean squared error behind the eye's low-pass, with an exact expectation.

    `f(X) = mean_j w_j (h * (X - y))_j^2` over opaque pixels and channels, in linear light, with `w`
    the squared slope of the sRGB encoding at the blurred target: errors of equal visibility cost
    the same, and the cost reads as a squared sRGB error. For independent pixels
    `E f(X) = mean_j w_j [(h * (E X - y))_j^2 + (h^2 * Var X)_j]`, with `h` folded at the borders
    before it is squared.

    Attributes:
        blur_px: Standard deviation of the low-pass in pixels.
    """

    blur_px: float = 0.8

    def __post_init__(self) -> None:
        EyeBlur(self.blur_px)

    @property
    def abilities(self) -> frozenset[Ability]:
        return frozenset({"value", "gradient", "local", "statistics", "expectation"})

    @property
    def min_size_px(self) -> int:
        return 1

    def bind(self, target: Target) -> Cost:
        eye = EyeBlur(self.blur_px)
        linear = srgb_to_linear(target.images)
        slope = srgb_encoding_slope(eye.blur(linear), darkest=_DARKEST_LINEAR)
        scale = target.num_opaque.view(-1, 1, 1, 1) * target.images.shape[1]
        weights = slope.square() * target.opaque / scale
        return ViewedErrorCost.of(self.abilities, target, eye, linear, weights)


@dataclass(frozen=True, eq=False)
class ViewedErrorCost(Cost):
    """The viewed error from one target.

    Attributes:
        linear: The target in linear light.
        weights: The visibility of an error at each blurred pixel, 0 where transparent.
        variance_weights: What the variance of each pixel costs.
    """

    abilities: frozenset[Ability]
    target: Target
    eye: EyeBlur
    linear: Images
    weights: Images
    variance_weights: Images

    @classmethod
    def of(
        cls,
        abilities: frozenset[Ability],
        target: Target,
        eye: EyeBlur,
        linear: Images,
        weights: Images,
    ) -> "ViewedErrorCost":
        """Find what the variance of each pixel costs, which never changes."""
        # `h` is symmetric, so each pixel's variance is weighed by `h^2 * w`.
        variance_weights = filter_reflected_squared(weights, eye.taps) * target.opaque
        return cls(abilities, target, eye, linear, weights, variance_weights)

    def cost(self, images: DrawnImages) -> DrawCosts:
        return self.cost_map(images).sum(dim=(2, 3))

    @property
    def footprint_px(self) -> int:
        return len(self.eye.taps) // 2

    def cost_map(self, images: DrawnImages) -> CostMap:
        return self.map_from_statistics(self._seen_error(srgb_to_linear(images)))

    def restrict(self, rows: range, halo_px: int) -> Cost:
        seen = rows_seen(rows, halo_px, self.linear.shape[-2])
        weights = keep_rows(self.weights, rows)[..., seen, :]
        target = self.target.cut(seen)
        return ViewedErrorCost.of(
            self.abilities, target, self.eye, self.linear[..., seen, :], weights
        )

    @property
    def num_moments(self) -> int:
        return 2 * self.target.images.shape[1]

    def color_moments(self, palette: Colors) -> MomentTable:
        linear = srgb_to_linear(palette)
        return torch.cat([linear, linear.square()], dim=2).mT

    @property
    def num_statistics(self) -> int:
        return self.target.images.shape[1]

    def features(self, moments: DrawnMoments) -> Statistics:
        return self._error(moments.chunk(2, dim=2)[0])

    def gather(self, features: Statistics) -> Statistics:
        return self.eye.blur(features)

    def window_weights(self, rows: int, columns: int) -> WindowWeights:
        vertical, horizontal = (
            reflected_weights(size, self.eye.taps, offset).to(self.linear)
            for size, offset in zip(self.linear.shape[-2:], (rows, columns), strict=True)
        )
        return vertical.unsqueeze(1) * horizontal

    def map_from_statistics(self, statistics: Statistics) -> CostMap:
        return (self.weights * statistics.square()).sum(dim=2)

    @property
    def num_expected_moments(self) -> int:
        return self.num_moments

    def expected_color_moments(self, palette: Colors) -> MomentTable:
        return self.color_moments(palette)

    def expected_from_moments(self, moments: Moments) -> PictureCosts:
        mean, mean_square = moments.chunk(2, dim=1)
        error = self._seen_error(mean)
        variance = mean_square - mean.square()
        loss = self.weights * error.square() + self.variance_weights * variance
        return loss.sum(dim=(1, 2, 3))

    def _error(self, linear: Float[Tensor, "*s b c h w"]) -> Float[Tensor, "*s b c h w"]:
        return (linear - self.linear) * self.target.opaque

    def _seen_error(self, linear: Float[Tensor, "*s b c h w"]) -> Float[Tensor, "*s b c h w"]:
        return self.eye.blur(self._error(linear))
