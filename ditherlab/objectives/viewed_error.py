"""Squared error after the eye's low-pass in linear light, in units of equal visibility."""

from dataclasses import dataclass

import torch

from ditherlab.objectives.blurred_error import SQUARED_ERROR_ABILITIES, BlurredErrorCost, Layer
from ditherlab.protocol import Ability, Cost, Objective, Target
from ditherlab.vision.color import srgb_encoding_slope, srgb_to_linear
from ditherlab.vision.viewing import EyeBlur

# Linear light below which a display's reflections keep steps from becoming more visible.
_DARKEST_LINEAR = 0.01


@dataclass(frozen=True)
class ViewedError(Objective):
    """Mean squared error after the eye's low-pass, with an exact expectation.

    `f(X) = mean_j w_j (h * (X - y))_j^2` over opaque pixels and channels, in linear light, with `w`
    the squared slope of the sRGB encoding at the blurred target. Errors of equal visibility cost
    the same, and the cost is in units of a squared sRGB error.

    Attributes:
        blur_px: Standard deviation of the low-pass in pixels.
    """

    blur_px: float = 0.8

    def __post_init__(self) -> None:
        EyeBlur(self.blur_px)

    @property
    def abilities(self) -> frozenset[Ability]:
        return SQUARED_ERROR_ABILITIES

    @property
    def min_size_px(self) -> int:
        return 1

    def bind(self, target: Target) -> Cost:
        eye = EyeBlur(self.blur_px)
        linear = srgb_to_linear(target.images)
        num_channels = linear.shape[1]
        slope = srgb_encoding_slope(eye.blur(linear), darkest=_DARKEST_LINEAR)
        weights = (
            slope.square() * target.opaque / (target.num_opaque.view(-1, 1, 1, 1) * num_channels)
        )
        identity = torch.eye(num_channels, dtype=linear.dtype, device=linear.device)
        layers = [Layer(c, eye.taps, plane) for c, plane in enumerate(weights.unbind(dim=1))]
        return BlurredErrorCost.of(target, identity, linear, tuple(layers))
