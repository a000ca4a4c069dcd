"""The compiled polish: direct binary search over tiles, with slopes that follow each move."""

import ctypes
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor

from ditherlab.kernels.color_limits import ColorLimits
from ditherlab.kernels.library import Library
from ditherlab.kernels.quadratic_form import QuadraticForm, pointer_to

NUM_PHASES = 4
"""Tiles of one phase do not touch, and are visited together."""

WIDEST_TILE_PX = 191
"""A picture that is wider has several tiles."""


@dataclass(frozen=True, kw_only=True)
class SweepSettings:
    """The settings of one sweep; the pixels of a tile are visited in a random order.

    Attributes:
        temperature: A pixel takes a move with a probability proportional to
            `exp(-change / temperature)`; 0 takes the best one.
        least_gain: Moves that gain less are left out.
        seed: Of the noise and of the order.
        has_swaps: Whether neighbors may swap colors.
        num_passes: How often each pixel has its turn while its tile is in memory.
        num_threads: Threads that work on tiles; the result does not depend on it.
    """

    temperature: float = 0.0
    least_gain: float = 0.0
    seed: int = 0
    has_swaps: bool = True
    num_passes: int = 1
    num_threads: int = 1


@dataclass(frozen=True)
class VisitResult:
    """The moves of a visit, and by how much they change the cost, as predicted."""

    num_moves: int
    change: float


class CompiledPolish:
    """An index image that improves in place, tile by tile.

    Attributes:
        indices: The picture.
        unsettled: 1 at pixels that are to be looked at, which are those near the latest moves.
    """

    def __init__(
        self, library: Library, form: QuadraticForm, indices: UInt8[Tensor, "h w"]
    ) -> None:
        self.form, self._functions = form, library.functions
        self.indices = indices.contiguous()
        self.unsettled = torch.ones_like(self.indices)
        self._limits: ColorLimits | None = None
        self._handle = ctypes.c_void_p(
            self._functions.ditherlab_polish_new(
                ctypes.byref(form.structure), pointer_to(self.indices), pointer_to(self.unsettled)
            )
        )

    def __del__(self) -> None:
        if hasattr(self, "_handle"):
            self._functions.ditherlab_polish_delete(self._handle)

    @property
    def tile_bytes(self) -> int:
        """The memory that the weights of one tile take."""
        return int(self._functions.ditherlab_polish_tile_bytes(self._handle))

    @property
    def num_tiles(self) -> tuple[int, ...]:
        """The number of tiles in each phase."""
        count = self._functions.ditherlab_polish_num_tiles
        return tuple(count(self._handle, phase) for phase in range(NUM_PHASES))

    def set_colors(self, table: Float[Tensor, "c k"], limits: ColorLimits | None = None) -> None:
        """Set the colors in the channels of the cost, and what limits them; look everywhere again.

        Args:
            table: A column for each color.
            limits: None for no limits.
        """
        limits = limits or ColorLimits()
        table, num_colors = table.contiguous(), table.shape[1]
        groups = None if limits.allowed is None else limits.allowed.contiguous()
        group_of = None if limits.group_of is None else limits.group_of.contiguous()
        prices = None if limits.prices is None else limits.prices.contiguous()
        self._functions.ditherlab_polish_set_colors(self._handle, pointer_to(table), num_colors)
        self._functions.ditherlab_polish_set_prices(
            self._handle,
            pointer_to(groups),
            1 if groups is None else len(groups),
            pointer_to(group_of),
            pointer_to(prices),
        )
        # The library keeps pointers to these two.
        self._limits = ColorLimits(groups, group_of, prices)
        self.look_everywhere()

    def look_everywhere(self) -> None:
        """Mark every pixel to be looked at."""
        self.unsettled.fill_(1)

    def set_cache(self, num_tiles: int) -> None:
        """Set how many tiles keep their weights between visits; the others compute them again."""
        self._functions.ditherlab_polish_set_cache(self._handle, ctypes.c_int64(num_tiles))

    def visit(self, phase: int, tiles: range, settings: SweepSettings) -> VisitResult:
        """Let the pixels of some tiles of a phase move."""
        change = ctypes.c_double(0.0)
        structure = _SettingsStructure(
            settings.temperature,
            settings.least_gain,
            settings.seed % 2**64,
            settings.has_swaps,
            settings.num_passes,
            settings.num_threads,
        )
        num_moves = self._functions.ditherlab_polish_visit(
            self._handle,
            phase,
            tiles.start,
            tiles.stop,
            ctypes.byref(structure),
            ctypes.byref(change),
        )
        return VisitResult(int(num_moves), change.value)

    def price(self, num_threads: int = 1) -> float:
        """Return the cost of the picture, extra prices apart."""
        return float(self._functions.ditherlab_polish_price(self._handle, num_threads))

    def replay(
        self, pixels: Int64[Tensor, "n"], colors: UInt8[Tensor, "n"]
    ) -> tuple[Float[Tensor, "c h w"], Float[Tensor, "c h w"]]:
        """Make given moves; return the slopes that were updated, and those computed afterwards.

        Args:
            pixels: Positions in memory order.
            colors: New palette indices.
        """
        kept, computed = torch.empty((2, *self.form.values.shape))
        self._functions.ditherlab_polish_replay(
            self._handle,
            pointer_to(pixels.contiguous()),
            pointer_to(colors.contiguous()),
            len(pixels),
            pointer_to(kept),
            pointer_to(computed),
        )
        return kept, computed


class _SettingsStructure(ctypes.Structure):
    _fields_ = (
        ("temperature", ctypes.c_float),
        ("least_gain", ctypes.c_float),
        ("seed", ctypes.c_uint64),
        ("has_swaps", ctypes.c_int32),
        ("num_passes", ctypes.c_int32),
        ("num_threads", ctypes.c_int32),
    )
