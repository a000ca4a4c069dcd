"""The choice among several palettes, by a quick dither with each."""

from collections.abc import Generator, Sequence

import torch

from ditherlab.discrete.direct_binary_search import Polisher
from ditherlab.stages.error_diffusion import diffused_indices
from ditherlab.stages.stage import Bound, Progress
from ditherlab.types import Colors

_NUM_SWEEPS = 2


def choose_palette(
    palettes: Sequence[Colors],
    bound: Bound,
    generator: torch.Generator,
    *,
    least_gain: float = 0.0,
) -> Generator[Progress, None, Colors]:
    """Dither with each palette, by error diffusion and a short polish, and return the cheapest.

    Args:
        palettes: Display sRGB, `[1 k c]`.
        bound: Quadratic cost and target of one picture.
        generator: Varies error diffusion, and orders the moves.
        least_gain: Part of its price by which another must be cheaper than the first.

    Yields:
        Progress after each move; its cost is None, as the pictures are thrown away.
    """
    prices: list[float] = []
    for palette in palettes:
        indices = diffused_indices(bound, palette, generator)
        polisher = Polisher(bound.cost, bound.target, indices, palette, generator)
        for _ in range(_NUM_SWEEPS):
            for number in polisher.shuffle_classes():
                yield Progress(1.0, num_evaluations=1)
                polisher.move_class(number, polisher.price_with_slopes()[1], 0.0)
        yield Progress(1.0, num_evaluations=1)
        prices.append(float(polisher.price()))
    least = min(prices)
    return palettes[prices.index(least) if least <= (1 - least_gain) * prices[0] else 0]
