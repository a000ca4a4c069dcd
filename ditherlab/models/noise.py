"""Noise before rounding: the oldest dither of all, its amplitude learned."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ditherlab.choices import Draw, NoiseScope, NoiseShape
from ditherlab.continuous import Logistic, Normal, Triangular, Uniform
from ditherlab.continuous.location_scale import LocationScale
from ditherlab.models.intervals import Bounds, Intervals
from ditherlab.models.model import BoundModel, Model, check_rate
from ditherlab.models.rounding import Rounding
from ditherlab.types import Probs

SHAPES: Mapping[NoiseShape, LocationScale] = {
    "normal": Normal(),
    "uniform": Uniform(),
    "triangular": Triangular(),
    "logistic": Logistic(),
}

# In steps: with it, every shape has the variance of uniform noise that is one step wide.
_FIRST_SIGMA = 12**-0.5

# A pixel's own noise may vanish; its logarithm must not run away.
_LEAST_LOG_SCALE = -5.0


@dataclass(frozen=True)
class Noise(Model):
    """`x_i = nearest(palette, y_i + shift + scale * eps_i)`: learn the shift and the scale.

    The noise moves a pixel along the gray axis, by the same `eps_i` in all channels, in steps of
    the palette. The probability of a color is then that of an interval, `F((high - shift) / scale)
    - F((low - shift) / scale)`, differentiable in both parameters, although the rounding of a draw
    is not.

    Source: Lawrence G. Roberts, "Picture Coding Using Pseudo-Random Noise", IRE Transactions on
    Information Theory 1962.

    Attributes:
        shape: Of `eps`: uniform (1 wide), triangular (2 wide), normal or logistic.
        scope: What has a shift and a scale of its own: the picture, each channel, or each pixel.
        learning_rate: In steps of the palette for the shift, and in nats for the scale, a step.
    """

    draw: ClassVar[Draw] = "sample"
    num_planes_per_color: ClassVar[float] = 40.0

    shape: NoiseShape = "uniform"
    scope: NoiseScope = "picture"
    learning_rate: float = 0.05

    def __post_init__(self) -> None:
        check_rate(self)

    def bind(self, rounding: Rounding, generator: torch.Generator) -> BoundModel:
        del generator
        noise = SHAPES[self.shape]
        if self.scope == "channel":
            return ChannelNoise(noise, rounding, torch.zeros_like(rounding.colors[0, 0]))
        pixels = rounding.places[0, 0]
        size = pixels.shape if self.scope == "pixel" else (1, 1)
        return LineNoise(noise, rounding, pixels.new_zeros(size))


class LineNoise(BoundModel):
    """One shift and one scale along the gray axis, for the picture or for each pixel."""

    def __init__(self, noise: LocationScale, rounding: Rounding, shift: Tensor) -> None:
        gray = torch.ones_like(rounding.colors[0, 0])
        self.noise = noise
        self.intervals = Intervals.of(rounding, 0 * gray, gray)
        self.parameters = {"shift": shift, "log_scale": _first_log_scale(noise, shift)}

    def told(self) -> Mapping[str, Tensor]:
        return _shift_and_scale(self.parameters)

    def probs(self, progress: float) -> Probs:
        del progress
        shift, scale = _shift_and_scale(self.parameters).values()
        low, high = self.intervals.low, self.intervals.high
        return _probs_between(self.noise, (low - shift) / scale, (high - shift) / scale)


class ChannelNoise(BoundModel):
    """A shift and a scale for each channel, the noise of a pixel being the same in all."""

    def __init__(self, noise: LocationScale, rounding: Rounding, shift: Tensor) -> None:
        self.noise = noise
        self.rounding = rounding
        self.parameters = {"shift": shift, "log_scale": _first_log_scale(noise, shift)}

    def told(self) -> Mapping[str, Tensor]:
        return _shift_and_scale(self.parameters)

    def probs(self, progress: float) -> Probs:
        del progress
        shift, scale = _shift_and_scale(self.parameters).values()
        intervals = Intervals.of(self.rounding, shift, scale)
        return _probs_between(self.noise, *intervals.moved(shift, scale))


def _first_log_scale(noise: LocationScale, like: Tensor) -> Tensor:
    return torch.full_like(like, _FIRST_SIGMA / noise.variance_of_noise**0.5).log_()


def _shift_and_scale(parameters: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    scale = parameters["log_scale"].clamp_min(_LEAST_LOG_SCALE).exp()
    return {"shift": parameters["shift"], "scale": scale}


def _probs_between(noise: LocationScale, low: Bounds, high: Bounds) -> Probs:
    probs = (noise.cdf_of_noise(high) - noise.cdf_of_noise(low)).clamp_min(0)
    return probs.unsqueeze(0)
