"""Ordered dithering with a learned mask of thresholds."""

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

# The softness of rounding while learning, in squared steps. If it ended higher, the mask would
# adapt to noise that the final picture does not have.
_SOFTEST = 0.06
_FIRMEST = 0.01

_MAX_SIZE = 64


@dataclass(frozen=True)
class Ordered(Model):
    """`x_i = nearest(palette, y_i + mask[i mod n])`: learn the mask, repeated over the picture.

    The final picture is deterministic. While the mask is learned, rounding is soft: `p_k` is
    proportional to `exp(-|u - C_k|^2 / softness)`, as with Gumbel noise before the choice, and the
    softness falls. With an objective that models the eye, a mask of white noise becomes blue where
    the picture uses its thresholds. Thresholds that no pixel uses do not change, so by default the
    mask starts as void-and-cluster. Each channel has its own mask, so that the shifts of colors
    point in all directions.

    Source: for masks and what makes them good Robert Ulichney, "The void-and-cluster method for
    dither array generation", SPIE 1913, 1993.

    Attributes:
        size: `n`, from 2 to 64: the mask has `n` x `n` thresholds.
        start: `blue`, a void-and-cluster mask, or `white`, a random order.
        learning_rate: In palette steps per step.
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
    """A mask of shifts, `[c n n]` in steps, repeated over a picture."""

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
