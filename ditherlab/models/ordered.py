"""Ordered dithering with a learned tile of thresholds."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from ditherlab.choices import Draw
from ditherlab.errors import RequestError
from ditherlab.models.mask import white_noise_mask
from ditherlab.models.model import BoundModel, Model, check_rate
from ditherlab.models.rounding import Rounding
from ditherlab.models.void_and_cluster import void_and_cluster_mask
from ditherlab.schedules import exponential
from ditherlab.types import Probs

# How soft the rounding is on the way, in squared steps: with hotter ends the mask answers to noise
# that is not there in the end.
_SOFTEST = 0.06
_FIRMEST = 0.01

_MAX_SIZE = 64


@dataclass(frozen=True)
class Ordered(Model):
    """`x_i = nearest(palette, y_i + mask[i mod n])`: learn the mask, repeated over the picture.

    Nothing is random in the end. While the mask is learned, rounding is soft: `p_k` is proportional
    to `exp(-|u - C_k|^2 / softness)`, as if Gumbel noise came before the choice, and the softness
    falls. Against an objective that sees as the eye does, a mask that begins as white noise becomes
    blue where the picture asks for its thresholds. Those that no pixel needs stay as they began,
    so by default it begins with void-and-cluster. Each channel has a mask of its own, so that for
    colors the shifts point in all directions.

    Source: for masks and what makes them good Robert Ulichney, "The void-and-cluster method for
    dither array generation", SPIE 1913, 1993.

    Attributes:
        size: `n`: the mask has `n` x `n` places, from 2 to 64.
        start: `blue`, void-and-cluster, or `white`, any order.
        learning_rate: In steps of the palette a step.
    """

    draw: ClassVar[Draw] = "mode"
    num_planes_per_color: ClassVar[float] = 15.0

    size: int = 16
    start: Literal["blue", "white"] = "blue"
    learning_rate: float = 0.05

    def __post_init__(self) -> None:
        if not 2 <= self.size <= _MAX_SIZE:
            raise RequestError(
                f"`ordered(size=...)` must be from 2 to {_MAX_SIZE}, got {self.size}. Try 16."
            )
        check_rate(self)

    def bind(self, rounding: Rounding, generator: torch.Generator) -> BoundModel:
        num_channels = rounding.colors.shape[2]
        begin = void_and_cluster_mask if self.start == "blue" else white_noise_mask
        mask = torch.stack([begin(self.size, generator) for _ in range(num_channels)])
        return RepeatedMask(rounding, mask.to(rounding.places))


class RepeatedMask(BoundModel):
    """A tile of shifts, `[c n n]` in steps, repeated over a picture."""

    def __init__(self, rounding: Rounding, mask: Tensor) -> None:
        self.rounding = rounding
        self.parameters = {"mask": mask}

    def probs(self, progress: float) -> Probs:
        distances = self.rounding.distances(self._repeated())
        if progress >= 1:
            nearest = distances.argmin(dim=0, keepdim=True)
            return torch.zeros_like(distances).scatter_(0, nearest, 1.0).unsqueeze(0)
        softness = exponential(_SOFTEST, _FIRMEST)(progress)
        return (distances / -softness).softmax(dim=0).unsqueeze(0)

    def _repeated(self) -> Tensor:
        mask = self.parameters["mask"]
        height, width = self.rounding.places.shape[2:]
        size = mask.shape[-1]
        tiles = mask.repeat(1, -(-height // size), -(-width // size))
        return tiles[:, :height, :width]
