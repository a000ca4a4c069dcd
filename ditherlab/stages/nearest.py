"""The stage `nearest`: start every pixel at the colors near its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch

from ditherlab.stages.stage import Progress, Stage, StageContext
from ditherlab.stages.state import State
from ditherlab.types import Colors, Images, Logits

# Logits fall by this per squared sRGB distance: neighbors in the palette stay in play. Beside a
# palette that is fitted, near neighbors would become one color, and stay so.
_SHARPNESS, _SHARPNESS_WHERE_FITTED = 30.0, 3000.0

# A little noise breaks ties between pixels of one color, which would otherwise all move alike.
_JITTER = 0.1


@dataclass(frozen=True)
class Nearest(Stage):
    """Start with logits that fall with the squared distance from a pixel's own color."""

    part_of_time: ClassVar[float] = 0.0
    makes_picture: ClassVar[bool] = True

    def run(self, context: StageContext, state: State) -> Iterator[Progress]:
        images = context.bind(state.palette).target.images
        is_fitted = state.palette_is_free and context.problem.is_quadratic
        sharpness = _SHARPNESS_WHERE_FITTED if is_fitted else _SHARPNESS
        state.show_logits(nearest_logits(images, state.palette, state.generator, sharpness))
        yield Progress(1.0)


def nearest_logits(
    images: Images, palette: Colors, generator: torch.Generator, sharpness: float = _SHARPNESS
) -> Logits:
    """Return logits around the nearest color of each pixel, slightly jittered.

    Args:
        images: Display sRGB, `[b c h w]`.
        palette: Display sRGB, `[1 k c]`.
        generator: Of the jitter.
        sharpness: Logits fall by this per squared distance.
    """
    b, _, h, w = images.shape
    logits = torch.empty((b, palette.shape[1], h, w), device=images.device, dtype=images.dtype)
    logits.normal_(generator=generator).mul_(_JITTER)
    for color in range(palette.shape[1]):
        distance = (images - palette[:, color, :, None, None]).square().sum(dim=1)
        # One channel stands for three equal ones.
        logits[:, color].sub_(distance, alpha=sharpness * 3 / images.shape[1])
    return logits
