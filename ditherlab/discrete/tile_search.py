"""Direct binary search with the compiled kernels, one pixel after the other in each tile."""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ditherlab.discrete.allowed_colors import AllowedColors
from ditherlab.discrete.polish_search import PolishSearch
from ditherlab.kernels import QuadraticForm
from ditherlab.kernels.palette_sums import count_colors, sum_for_indices
from ditherlab.kernels.polish import CompiledPolish, SweepSettings
from ditherlab.kernels.work import KernelWork
from ditherlab.protocol import Cost, PaletteEquations, Target
from ditherlab.types import Colors

# Moves that gain a smaller part of a pixel's mean cost are rounding errors.
_LEAST_GAIN = 1e-6

# While a tile and its surroundings are in memory.
_SWEEPS_AT_ONCE = 2

# Tiles visited by one call: between calls a run may be stopped.
_TILES_OF_PART = 256


class TilePolisher(PolishSearch):
    """An index image that improves by the moves of `Polisher`, made one after the other.

    Tiles of one phase, which do not touch, are visited together; in a tile, each move takes effect
    at once. Pixels near which nothing has changed since their last visit are left out.
    """

    def __init__(
        self,
        cost: Cost,
        target: Target,
        indices: Int[Tensor, "h w"],
        palette: Colors,
        generator: torch.Generator,
        *,
        work: KernelWork,
        swaps: bool = True,
        allowed: AllowedColors | None = None,
    ) -> None:
        self.cost, self.generator, self.work = cost, generator, work
        self._form: QuadraticForm = cost.quadratic_forms[0]
        self._polish = CompiledPolish(work.library, self._form, indices.to(torch.uint8, copy=True))
        self._polish.set_cache(work.cache_bytes // self._polish.tile_bytes)
        self._swaps, self._allowed = swaps, allowed
        self._parts = [
            (phase, range(first, min(first + _TILES_OF_PART, count)))
            for phase, count in enumerate(self._polish.num_tiles)
            for first in range(0, count, _TILES_OF_PART)
        ]
        self._sweeps, self._seed = range(1), 0
        self._was_hot = False
        self.show(palette)
        self._cost: float | None = self._polish.price(work.num_threads)
        self._least_gain = _LEAST_GAIN * abs(self._cost) / max(1, indices.numel())

    @property
    def indices(self) -> Int[Tensor, "h w"]:
        return self._polish.indices

    @property
    def num_parts(self) -> int:
        return len(self._parts)

    @property
    def num_sweeps_at_once(self) -> int:
        return _SWEEPS_AT_ONCE

    def begin_sweep(self, numbers: range) -> None:
        self._sweeps = numbers
        draw = torch.randint(2**62, (1,), generator=self.generator)
        self._seed = int(draw)

    def price_part(self, part: int) -> Float[Tensor, ""] | None:
        return None if part else self.price()

    def move_part(self, part: int, temperature: float) -> None:
        phase, tiles = self._parts[part]
        if self._was_hot and not temperature:
            self._polish.look_everywhere()
        self._was_hot = temperature > 0
        settings = SweepSettings(
            temperature=temperature,
            least_gain=self._least_gain,
            seed=self._seed,
            has_swaps=self._swaps,
            num_passes=len(self._sweeps),
            num_threads=self.work.num_threads,
        )
        if self._polish.visit(phase, tiles, settings).num_moves:
            self._cost = None

    def values(self) -> Any:
        sweeps = (self._sweeps.start, self._sweeps.stop)
        return sweeps, self._seed, self._was_hot, self._least_gain, self._polish.unsettled

    def resume(self, values: Any) -> None:
        sweeps, self._seed, self._was_hot, self._least_gain, unsettled = values
        self._sweeps = range(*sweeps)
        # The library keeps a pointer to it.
        self._polish.unsettled.copy_(unsettled)

    def price(self) -> Float[Tensor, ""]:
        if self._cost is None:
            self._cost = self._polish.price(self.work.num_threads)
        return torch.tensor(self._cost, dtype=torch.float32)

    def palette_equations(self) -> PaletteEquations:
        sums = sum_for_indices(
            self.work.library,
            self._form,
            self.indices,
            self.palette.shape[1],
            self.work.num_threads,
        )
        return PaletteEquations.of_channels(self._form.mixing, *sums)

    def count_colors(self) -> Int[Tensor, "k"]:
        library, num_colors = self.work.library, self.palette.shape[1]
        return count_colors(library, self._form, self.indices, num_colors)

    def show(self, palette: Colors) -> None:
        self.palette, self._cost = palette, None
        table = self.cost.expected_color_moments(palette)[0, : len(self._form.values)]
        self._polish.set_colors(table, None if self._allowed is None else self._allowed.limits)
