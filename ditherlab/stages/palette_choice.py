"""Which of several palettes a picture looks best in, by a quick dither with each."""

from collections.abc import Sequence

import torch

from ditherlab.discrete.direct_binary_search import Polisher
from ditherlab.protocol import Cost, Target
from ditherlab.stages.budget import Budget
from ditherlab.stages.start import diffused_indices
from ditherlab.types import Colors

_NUM_SWEEPS = 2


def choose_palette(
    palettes: Sequence[Colors],
    cost: Cost,
    target: Target,
    generator: torch.Generator,
    budget: Budget,
    *,
    least_gain: float = 0.0,
) -> Colors:
    """Dither with each palette, by error diffusion and a short polish, and keep the cheapest.

    Args:
        palettes: Of one picture, display sRGB. The first is kept if the budget does not suffice.
        cost: Quadratic.
        target: The picture.
        generator: For the parts of diffused errors, and the order of the moves.
        budget: Pays for every picture that is priced.
        least_gain: By which part of its price another must be cheaper than the first.
    """
    budget.evaluations_of_step = 1
    prices = []
    for palette in palettes:
        price = _price(palette, cost, target, generator, budget)
        if price is None:
            return palettes[0]
        prices.append(price)
    least = min(prices)
    return palettes[prices.index(least) if least <= (1 - least_gain) * prices[0] else 0]


def _price(
    palette: Colors, cost: Cost, target: Target, generator: torch.Generator, budget: Budget
) -> float | None:
    indices = diffused_indices(target, cost, palette, generator)
    polisher = Polisher(cost, target, indices, palette, generator)
    for _ in range(_NUM_SWEEPS):
        for number in polisher.shuffle_classes():
            if not (budget.has_time and budget.has_evaluations):
                return None
            polisher.move_class(number, 0.0)
            budget.num_evaluations += 1
    budget.num_evaluations += 1
    return float(polisher.price())
