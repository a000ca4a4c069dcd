"""Noise before rounding, the oldest dither, with a learned shift and amplitude."""

from collections.abc import Callable, Mapping
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

# The initial standard deviation, in steps: that of uniform noise one step wide.
_FIRST_SIGMA = 12**-0.5

# The noise of a pixel may vanish, but its logarithm must stay bounded.
_LEAST_LOG_SCALE = -5.0


@dataclass(frozen=True)
class Noise(Model):
    """`x_i = nearest(palette, y_i + shift + scale * eps_i)`: learn the shift and the scale.

    The noise moves a pixel along the gray axis, by the same `eps_i` in all channels, in steps of
    the palette. The probability of a color is then that of an interval, `F((high - shift) / scale)
    - F((low - shift) / scale)`. It is differentiable in both parameters, although rounding is not.

    Source: Lawrence G. Roberts, "Picture Coding Using Pseudo-Random Noise", IRE Transactions on
    Information Theory 1962.

    Attributes:
        shape: Distribution of `eps`: uniform (1 wide), triangular (2 wide), normal or logistic.
        scope: The parts with separate shifts and scales: the picture, each channel, or each pixel.
        learning_rate: Per step, in palette steps for the shift, and in nats for the scale.
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
        pixels, gray = rounding.places[0, 0], torch.ones_like(rounding.colors[0, 0])
        if self.scope == "channel":
            return RoundedNoise(
                SHAPES[self.shape],
                torch.zeros_like(gray),
                lambda shift, scale: Intervals.of(rounding, shift, scale).moved(shift, scale),
            )
        size = pixels.shape if self.scope == "pixel" else (1, 1)
        line = Intervals.of(rounding, 0 * gray, gray)
        return RoundedNoise(
            SHAPES[self.shape],
            pixels.new_zeros(size),
            lambda shift, scale: ((line.low - shift) / scale, (line.high - shift) / scale),
        )


class RoundedNoise(BoundModel):
    """A learned shift and scale of the noise, with the intervals of noise for each color."""

    def __init__(
        self,
        noise: LocationScale,
        shift: Tensor,
        bounds: Callable[[Tensor, Tensor], tuple[Bounds, Bounds]],
    ) -> None:
        sigma = torch.full_like(shift, _FIRST_SIGMA / noise.variance_of_noise**0.5)
        self.noise, self.bounds = noise, bounds
        self.parameters = {"shift": shift, "log_scale": sigma.log_()}

    def told(self) -> Mapping[str, Tensor]:
        scale = self.parameters["log_scale"].clamp_min(_LEAST_LOG_SCALE).exp()
        return {"shift": self.parameters["shift"], "scale": scale}

    def probs(self, progress: float) -> Probs:
        del progress
        low, high = self.bounds(*self.told().values())
        below, above = self.noise.cdf_of_noise(low), self.noise.cdf_of_noise(high)
        return (above - below).clamp_min(0).unsqueeze(0)
