"""The coordinates in which pixels are rounded to the nearest color."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ditherlab.protocol import Target
from ditherlab.types import Colors, Images
from ditherlab.vision.color import srgb_to_linear


@dataclass(frozen=True)
class Rounding:
    """A picture and a palette in coordinates in which each pixel is rounded to the nearest color.

    For a gray palette, the coordinate is piecewise linear in linear light: the grays lie at 0, 1,
    2, ..., and light between two of them is interpolated. Uniform noise one step wide then
    preserves the mean light of every pixel. For colors, the coordinates are display sRGB, scaled so
    that a step along the gray axis is as long as the mean distance of a color to its nearest
    neighbor. Repeated colors, which a panel may have, count once.

    Attributes:
        places: Coordinates of the pixels.
        colors: Coordinates of the palette.
    """

    places: Images
    colors: Colors

    @classmethod
    def of(cls, target: Target, palette: Colors) -> "Rounding":
        """Compute the coordinates of a picture and a palette in display sRGB.

        Example:
            >>> srgb = torch.tensor([0.0, 0.735357, 1.0]).view(1, 1, 1, 3)
            >>> target = Target(srgb, torch.ones(1, 1, 1, 3, dtype=torch.bool))
            >>> rounding = Rounding.of(target, torch.tensor([[[1.0], [0.0]]]))
            >>> rounding.places.flatten(), rounding.colors.flatten()
            (tensor([0.0000, 0.5000, 1.0000]), tensor([1., 0.]))
        """
        if palette.shape[2] == 1:
            return _ladder(target, palette)
        step = _step(palette[0].unique(dim=0))
        return cls(target.images / step, palette / step)

    def distances(self, shift: Float[Tensor, "c #h #w"]) -> Float[Tensor, "k h w"]:
        """Return the squared distance of each shifted pixel from each color, in squared steps."""
        moved = self.places[0] + shift
        return torch.stack(
            [(moved - color.view(-1, 1, 1)).square().sum(dim=0) for color in self.colors[0]]
        )


def _step(colors: Float[Tensor, "k c"]) -> Float[Tensor, ""]:
    if len(colors) == 1:
        return torch.ones_like(colors[0, 0])
    distances = torch.cdist(colors, colors).fill_diagonal_(torch.inf)
    return torch.as_tensor(distances.min(dim=1).values.mean() / colors.shape[1] ** 0.5)


def _ladder(target: Target, palette: Colors) -> Rounding:
    light = srgb_to_linear(target.images)
    rungs, steps = srgb_to_linear(palette)[0, :, 0].unique(return_inverse=True)
    if len(rungs) == 1:
        return Rounding(torch.zeros_like(light), torch.zeros_like(palette))
    below = torch.searchsorted(rungs, light.contiguous(), right=True).sub_(1)
    below.clamp_(0, len(rungs) - 2)
    places = below + (light - rungs[below]) / (rungs[below + 1] - rungs[below])
    return Rounding(places, steps.to(rungs).view(1, -1, 1))
