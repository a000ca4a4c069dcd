"""Less dither: targets between the nearest palette colors and the source."""

from dataclasses import replace

import torch

from ditherlab.protocol import Cost, Target
from ditherlab.types import Colors
from ditherlab.vision.color import linear_to_srgb, srgb_to_linear


def weaken_dither(target: Target, cost: Cost, palette: Colors, strength: float) -> Target:
    """Move the target of each pixel to its nearest palette color, in linear light.

    Args:
        target: The source.
        cost: Quadratic; decides which color is nearest.
        palette: Display sRGB, `[1 k c]`.
        strength: 0 leaves only the nearest colors, 1 the source.
    """
    pixel = cost.pixel_error()
    colors = cost.expected_color_moments(palette)[0, : pixel.values.shape[1]]
    least = torch.full_like(pixel.values[:, 0], torch.inf)
    nearest = torch.zeros_like(least, dtype=torch.int64)
    for color in range(colors.shape[1]):
        price = pixel.price(colors[:, color])
        nearest[price < least] = color
        least = torch.minimum(least, price)
    linear, drawn = srgb_to_linear(target.images), srgb_to_linear(palette)[0][nearest]
    drawn = drawn.movedim(-1, 1)
    return replace(target, images=linear_to_srgb(drawn + strength * (linear - drawn)))
