"""The choice among several palettes, by a quick dither with each."""

from collections.abc import Generator, Sequence

import torch

from ditherlab.kernels.work import KernelWork
from ditherlab.stages.compiled_work import PolishStart
from ditherlab.stages.error_diffusion import diffused_indices
from ditherlab.stages.stage import Bound, Progress
from ditherlab.types import Colors

_NUM_SWEEPS = 2


def choose_palette(
    palettes: Sequence[Colors],
    bound: Bound,
    generator: torch.Generator,
    work: KernelWork | None = None,
    *,
    least_gain: float = 0.0,
) -> Generator[Progress, None, Colors]:
    """Dither with each palette, by error diffusion and a short polish, and return the cheapest.

    Args:
        palettes: Display sRGB, `[1 k c]`.
        bound: Quadratic cost and target of one picture.
        generator: Varies error diffusion, and orders the moves.
        work: Of the compiled kernels; None leaves it to torch.
        least_gain: Part of its price by which another must be cheaper than the first.

    Yields:
        Progress after each move; its cost is None, as the pictures are thrown away.
    """
    prices: list[float] = []
    for palette in palettes:
        indices = diffused_indices(bound, palette, generator, work)
        polisher = PolishStart(bound, indices, palette, generator).search(work)
        for sweep in range(_NUM_SWEEPS):
            polisher.begin_sweep(range(sweep, sweep + 1))
            for part in range(polisher.num_parts):
                yield Progress(1.0, num_evaluations=1)
                polisher.price_part(part)
                polisher.move_part(part, 0.0)
        yield Progress(1.0, num_evaluations=1)
        prices.append(float(polisher.price()))
    least = min(prices)
    return palettes[prices.index(least) if least <= (1 - least_gain) * prices[0] else 0]
