"""Which of several palettes a picture looks best in, by a quick dither with each."""

from collections.abc import Sequence

import torch

from ditherlab.polish import Polisher
from ditherlab.protocol import Cost, Target
from ditherlab.start import diffused_indices
from ditherlab.types import Colors

_NUM_SWEEPS = 2


def choose_palette(
    palettes: Sequence[Colors], cost: Cost, target: Target, generator: torch.Generator
) -> Colors:
    """Dither with each palette, by error diffusion and a short polish, and keep the cheapest.

    Args:
        palettes: Of one picture, display sRGB.
        cost: Quadratic.
        target: The picture.
        generator: For the parts of diffused errors, and the order of the moves.
    """
    prices = [_price(palette, cost, target, generator) for palette in palettes]
    return palettes[prices.index(min(prices))]


def _price(palette: Colors, cost: Cost, target: Target, generator: torch.Generator) -> float:
    indices = diffused_indices(target, cost, palette, generator)
    polisher = Polisher(cost, target, indices, palette, generator)
    for _ in range(_NUM_SWEEPS):
        for number in polisher.shuffle_classes():
            polisher.move_class(number, 0.0)
    return float(polisher.price())
