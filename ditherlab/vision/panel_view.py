"""The way from a picture on a display to the same picture on a panel that is duller."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from ditherlab.types import Images, Mask
from ditherlab.vision.chromatic_adaptation import adaptation
from ditherlab.vision.color import (
    lab_response,
    linear_to_srgb,
    linear_to_xyz,
    mix_channels,
    srgb_to_lab,
    srgb_to_linear,
)
from ditherlab.vision.color_difference import delta_e_2000
from ditherlab.vision.color_encoding import SRGB_PRIMARIES
from ditherlab.vision.colorimetry import LAB_KNEE

# Colors of the source that differ less from an ink, in CIEDE2000, are that ink.
_SAME_INK = 2.0

# CIEDE2000 is at least a tenth of the distance in CIELAB, as far as sRGB reaches; the distance
# is computed for all pixels, and the difference only where it can be small.
_NEAR = 10 * _SAME_INK

_CHUNK_PIXELS = 1 << 18

# A panel is dull if its black has more than this part of its white's luminance.
_DULL = 0.01

# Luminance of L* = 50. A curve with a larger amount would be flat in the shadows.
_MIDDLE = 0.1842
_MOST_DARKENED = 0.8

Color: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class PanelView:
    """The inks of a panel, as they are called and as they look.

    A viewer adapts to the white of the panel, and its black is as dark as the panel gets. So white
    becomes the panel's white, and light is compressed so that black gets the panel's luminance:
    `XYZ' = B ((1 - k) XYZ + k XYZ_D65)`, where `k` is the luminance of the panel's black as a part
    of its white's, and `B` adapts from D65 to the panel's white.

    That lifts the shadows of a dull panel, whose `k` is above 1 %. There, a tone curve on each
    channel gives the contrast back: with `L` the lightness of a channel's light, from 0 to 1,
    `L' = L - a L (1 - L)^3`, where `a` is such that middle gray, `L* = 50`, stays as light as it
    was, relative to white, and at most 0.8. Black and white do not move, and light grays hardly.

    Attributes:
        nominal: The inks as the source names them, display sRGB, on the CPU.
        shown: The inks as they look, likewise.
    """

    nominal: Float[Tensor, "k 3"]
    shown: Float[Tensor, "k 3"]

    @classmethod
    def of(cls, nominal: Sequence[Color], shown: Sequence[Color]) -> "PanelView":
        """Take the inks as 8-bit display sRGB."""
        return cls(*(torch.tensor(inks, dtype=torch.float64) / 255 for inks in (nominal, shown)))

    @property
    def black_part(self) -> float:
        """The luminance of the darkest ink, as a part of that of the lightest."""
        luminances = self._luminances
        return float(luminances.min() / luminances.max())

    def adapt(self, images: Images) -> Images:
        """Return how pictures shall look on the panel.

        Args:
            images: Display sRGB; of one channel, for a panel whose inks are all gray.

        Returns:
            Display sRGB, clamped to [0, 1].
        """
        k = self.black_part
        light = (1 - k) * self._darken_shadows(srgb_to_linear(images)) + k
        if images.shape[1] == 1:
            return linear_to_srgb(light * self._white.mean().to(light))
        return linear_to_srgb(mix_channels(light, self._adaptation.to(light), dim=1).clamp(0, 1))

    def find_inks(self, images: Images, opaque: Mask) -> Int[Tensor, "b h w"]:
        """Return the ink that each pixel of a source names; -1 where it names none.

        Args:
            images: The unchanged sources, display sRGB of three channels.
            opaque: Pixels that count.
        """
        pixels = images.movedim(1, -1).reshape(-1, 3)
        found = [self._nearest_inks(chunk) for chunk in pixels.split(_CHUNK_PIXELS)]
        inks = torch.cat(found).view(opaque[:, 0].shape)
        return torch.where(opaque[:, 0], inks, -1)

    def show_inks(self, images: Images, inks: Int[Tensor, "b h w"]) -> Images:
        """Replace pixels that name an ink by the ink as it looks."""
        colors = self.shown.to(images)[:, : images.shape[1]]
        flat = colors[inks.clamp_min(0)].movedim(-1, 1)
        return torch.where((inks >= 0).unsqueeze(1), flat, images)

    def _darken_shadows(self, light: Tensor) -> Tensor:
        if self.black_part <= _DULL:
            return light
        wanted = _lightness(torch.tensor((_MIDDLE - self.black_part) / (1 - self.black_part)))
        middle = _lightness(torch.tensor(_MIDDLE))
        amount = float((middle - wanted) / (middle * (1 - middle) ** 3))
        lightness = _lightness(light)
        curve = lightness - min(amount, _MOST_DARKENED) * lightness * (1 - lightness) ** 3
        return _light(curve)

    def _nearest_inks(self, srgb: Float[Tensor, "n 3"]) -> Int[Tensor, " n"]:
        labs, inks = srgb_to_lab(srgb, dim=1), srgb_to_lab(self.nominal.to(srgb), dim=1)
        least = torch.full_like(labs[:, 0], _SAME_INK)
        nearest = torch.full(least.shape, -1, device=srgb.device)
        for number, ink in enumerate(inks):
            near = ((labs - ink).square().sum(dim=1) <= _NEAR**2).nonzero()[:, 0]
            differences = delta_e_2000(labs[near], ink)
            is_nearest = differences < least[near]
            least[near[is_nearest]] = differences[is_nearest]
            nearest[near[is_nearest]] = number
        return nearest

    @property
    def _luminances(self) -> Float[Tensor, " k"]:
        return linear_to_xyz(srgb_to_linear(self.shown), dim=1)[:, 1]

    @property
    def _white(self) -> Float[Tensor, " 3"]:
        return srgb_to_linear(self.shown)[self._luminances.argmax()]

    @property
    def _adaptation(self) -> Float[Tensor, "3 3"]:
        """The matrix in linear RGB."""
        to_xyz = SRGB_PRIMARIES.to_xyz()
        white = to_xyz @ self._white.numpy()
        adapted = adaptation(to_xyz @ np.ones(3), white)
        return torch.from_numpy(np.linalg.inv(to_xyz) @ adapted @ to_xyz)


def _lightness(light: Tensor) -> Tensor:
    """Return CIELAB's lightness of luminances, from 0 to 1."""
    return 1.16 * lab_response(light) - 0.16


def _light(lightness: Tensor) -> Tensor:
    root = (lightness + 0.16) / 1.16
    return torch.where(root > LAB_KNEE, root**3, (root - 4 / 29) * (3 * LAB_KNEE**2))
