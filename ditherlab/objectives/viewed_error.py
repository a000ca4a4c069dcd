"""Squared error as the eye sees it: blurred in linear light, in steps of equal visibility."""

from dataclasses import dataclass

import torch

from ditherlab.color import srgb_encoding_slope, srgb_to_linear
from ditherlab.filtering import filter_reflected_squared
from ditherlab.protocol import Ability, Cost, Moments, MomentTable, Objective, Target
from ditherlab.types import Colors, DrawCosts, DrawnImages, Images, PictureCosts
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

    blur_px: float = 1.0

    def __post_init__(self) -> None:
        EyeBlur(self.blur_px)

    @property
    def abilities(self) -> frozenset[Ability]:
        return frozenset({"value", "gradient", "expectation"})

    @property
    def min_size_px(self) -> int:
        return 1

    def bind(self, target: Target) -> Cost:
        eye = EyeBlur(self.blur_px)
        linear = srgb_to_linear(target.images)
        slope = srgb_encoding_slope(eye.blur(linear), darkest=_DARKEST_LINEAR)
        scale = target.num_opaque.view(-1, 1, 1, 1) * target.images.shape[1]
        weights = slope.square() * target.opaque / scale
        # `h` is symmetric, so each pixel's variance is weighed by `h^2 * w`, which never changes.
        variance_weights = filter_reflected_squared(weights, eye.taps) * target.opaque
        return ViewedErrorCost(self.abilities, target, eye, linear, weights, variance_weights)


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

    def cost(self, images: DrawnImages) -> DrawCosts:
        error = self.eye.blur((srgb_to_linear(images) - self.linear) * self.target.opaque)
        return (self.weights * error.square()).sum(dim=(2, 3, 4))

    @property
    def num_moments(self) -> int:
        return 2 * self.target.images.shape[1]

    def color_moments(self, palette: Colors) -> MomentTable:
        linear = srgb_to_linear(palette)
        return torch.cat([linear, linear.square()], dim=2).mT

    def expected_from_moments(self, moments: Moments) -> PictureCosts:
        mean, mean_square = moments.chunk(2, dim=1)
        error = self.eye.blur((mean - self.linear) * self.target.opaque)
        variance = mean_square - mean.square()
        loss = self.weights * error.square() + self.variance_weights * variance
        return loss.sum(dim=(1, 2, 3))
