"""Direct binary search: exact changes of single pixels and pairs of neighbors, in parallel."""

from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ditherlab.devices import is_accelerator
from ditherlab.discrete.allowed_colors import AllowedColors
from ditherlab.discrete.polish_search import PolishSearch
from ditherlab.protocol import Cost, Kept, PaletteEquations, Target, rows_seen
from ditherlab.schedules import exponential
from ditherlab.types import Colors, MomentTable

# Pixels of one class move together. They are two pixels apart, and of neighbors in a class only
# the one that gains most moves, so that simultaneous changes hardly interact.
_STRIDE = 2
NUM_CLASSES = _STRIDE**2

_HALF_OF_NEIGHBORS = ((0, 1), (1, 0), (1, 1), (1, -1))
_NEIGHBORS = (*_HALF_OF_NEIGHBORS, *((-rows, -columns) for rows, columns in _HALF_OF_NEIGHBORS))

# Prices computed at once, for all colors of a part of the pixels.
_PART_OF_PRICES = 1 << 20

# Numbers held at once for the blurred colors while a palette is fitted.
PART_OF_COLORS = 1 << 23

# The polish cools in this part of its time, down to this part of its first temperature.
_COOLING_PART = 0.75
_COLDEST = 0.01


@dataclass
class Cooling(Kept):
    """The falling temperature of a polish.

    Attributes:
        heat: First temperature in mean costs of a pixel at the start; 0 is greedy from the start.
        scale: Mean cost of a pixel, taken from the first cost.
    """

    heat: float
    scale: float | None = None

    def see(self, value: Tensor, num_pixels: int) -> None:
        """Set the scale from the first cost."""
        if self.heat and self.scale is None:
            self.scale = float(value) / num_pixels

    def temperature(self, share: float) -> float:
        """Return the temperature: it falls to 1 % in three quarters of the time, then it is 0."""
        if self.scale is None or share > _COOLING_PART:
            return 0.0
        return exponential(1, _COLDEST)(share / _COOLING_PART) * self.heat * self.scale


class Polisher(PolishSearch):
    """One index image that improves in place by direct binary search, in parallel.

    A pixel may take another color (a flip), or swap colors with one of its eight neighbors (a
    swap, which keeps the local mean). The change of a quadratic cost is exact for each move: with
    `g` the slope of the expected cost in the pixels' moments and `c` the pair weights, a flip
    changes the cost by `<g_i, T_k - T_xi>` and a swap by `<g_i - g_j, d> - <c_ij, d^2>`,
    `d = T_xj - T_xi`. With a temperature, Gumbel noise is added to the gain of each move, which
    amounts to Gibbs sampling of each pixel.

    Source: Mohsen Analoui and Jan Allebach, "Model-Based Halftoning Using Direct Binary Search",
    Human Vision, Visual Processing, and Digital Display III, 1992, for flips and swaps.

    Attributes:
        allowed: The colors that each pixel may take, and has; None for all.
    """

    def __init__(
        self,
        cost: Cost,
        target: Target,
        indices: Int[Tensor, "h w"],
        palette: Colors,
        generator: torch.Generator,
        *,
        swaps: bool = True,
        allowed: AllowedColors | None = None,
    ) -> None:
        self.cost, self.target, self.generator = cost, target, generator
        is_here = not is_accelerator(generator.device)
        seed = generator.initial_seed()
        self._orders = generator if is_here else torch.Generator().manual_seed(seed)
        self.allowed = allowed
        self._indices, self.palette = (
            indices.long().clone(memory_format=torch.contiguous_format),
            palette,
        )
        self._order: list[int] = []
        self._field: Tensor | None = None
        self._neighbors = _NEIGHBORS if swaps else ()
        half = self._neighbors[: len(_HALF_OF_NEIGHBORS)]
        pairs = [cost.pair_weights(*offset)[0] for offset in half]
        # The pair weights of squared colors are zero.
        self._pairs = [weights[: len(weights) // 2] for weights in pairs]
        self.show(palette)
        # How far the partner of each move is along the flat picture.
        shifts = [rows * indices.shape[1] + columns for rows, columns in self._neighbors]
        stays = torch.zeros(palette.shape[1], dtype=torch.int64)
        self._steps = torch.cat([stays, torch.tensor(shifts, dtype=torch.int64)]).to(indices.device)

    @property
    def indices(self) -> Int[Tensor, "h w"]:
        return self._indices

    @property
    def num_parts(self) -> int:
        return NUM_CLASSES

    def begin_sweep(self, numbers: range) -> None:
        self._order = self.shuffle_classes()

    def price_part(self, part: int) -> Float[Tensor, ""]:
        value, self._field = self.price_with_slopes()
        return value

    def move_part(self, part: int, temperature: float) -> None:
        if self._field is None:
            raise ValueError("A part is priced before it moves.")
        field, self._field = self._field, None
        self.move_class(self._order[part], field, temperature)

    def values(self) -> Any:
        return self._order

    def resume(self, values: Any) -> None:
        self._order = values

    def price_with_slopes(self) -> tuple[Float[Tensor, ""], Float[Tensor, "m h w"]]:
        """Return the cost, and its gradient with respect to the moments of each pixel."""
        values, field = self.cost.expected_with_field(self._moments.unsqueeze(0))
        return values[0], field[0]

    def move_class(self, number: int, field: Float[Tensor, "m h w"], temperature: float) -> None:
        """Make the moves of one class of pixels that lower the cost.

        Args:
            number: The number of the class, below `NUM_CLASSES`.
            field: The gradient at the current picture.
            temperature: The scale of noise on the gains of moves; 0 makes the best moves.
        """
        first = divmod(number, _STRIDE)
        mine = tuple(slice(start, None, _STRIDE) for start in first)
        if not self.indices[mine].numel():
            return
        gains, moves = self._best_moves(field, first, temperature)
        self._make_moves(self._choose(gains, moves, mine), moves, mine)

    def price(self) -> Float[Tensor, ""]:
        return self.cost.expected_from_moments(self._moments.unsqueeze(0))[0]

    def shuffle_classes(self) -> list[int]:
        """Return the classes in a random order, drawn on the host."""
        order: list[int] = torch.randperm(NUM_CLASSES, generator=self._orders).tolist()
        return order

    def palette_equations(self) -> PaletteEquations:
        height, width = self.indices.shape
        num_rows = max(1, PART_OF_COLORS // (width * self.palette.shape[1]))
        bands = [range(top, min(top + num_rows, height)) for top in range(0, height, num_rows)]
        return reduce(add, (self._equations_of(rows) for rows in bands))

    def count_colors(self) -> Int[Tensor, "k"]:
        opaque = self.target.opaque.flatten().int()
        counts = opaque.new_zeros(self.palette.shape[1])
        return counts.scatter_add_(0, self.indices.flatten(), opaque)

    def show(self, palette: Colors) -> None:
        self.palette = palette
        self._table: MomentTable = self.cost.expected_color_moments(palette)[0]
        self._moments = self._table[:, self.indices]

    def _equations_of(self, rows: range) -> PaletteEquations:
        height = len(self.indices)
        if len(rows) == height:
            return self.cost.palette_equations(self._one_hot(self.indices))
        halo_px = self.cost.footprint_px
        seen = rows_seen(rows, halo_px, height)
        return self.cost.restrict(rows, halo_px).palette_equations(
            self._one_hot(self.indices[seen])
        )

    def _one_hot(self, indices: Int[Tensor, "h w"]) -> Float[Tensor, "1 k h w"]:
        one_hot = self._moments.new_zeros((self.palette.shape[1], *indices.shape))
        return one_hot.scatter_(0, indices.unsqueeze(0), 1).unsqueeze(0)

    def _make_moves(
        self, chosen: Bool[Tensor, "y x"], moves: Int[Tensor, "y x"], mine: tuple[slice, ...]
    ) -> None:
        """Make the chosen moves: in whole planes, as an accelerator would wait for their number."""
        flat, old = self.indices.view(-1), self.indices[mine].clone()
        places = torch.arange(len(flat), device=flat.device).view_as(self.indices)[mine]
        # A pixel that stays, or flips, is its own partner.
        partners = torch.where(chosen, places + self._steps[moves], places)
        new = torch.where(moves < self._table.shape[1], moves, flat[partners])
        recolored = torch.where(chosen, new, old)
        flat.scatter_(0, partners.flatten(), old.flatten())
        self.indices[mine] = recolored
        self._moments = self._table[:, self.indices]

    def _best_moves(
        self, field: Float[Tensor, "m h w"], first: tuple[int, int], temperature: float
    ) -> tuple[Float[Tensor, "y x"], Int[Tensor, "y x"]]:
        """Return the change of the cost by the best move of each pixel of a class, and that move.

        Moves are numbered: the colors first, then the neighbors to swap with.
        """
        mine = (slice(None), *(slice(start, None, _STRIDE) for start in first))
        slopes, moments = field[mine], self._moments[mine]
        allowed = None if self.allowed is None else self.allowed.at(mine[1:])
        best, moves = self._cheapest_colors(slopes, temperature, allowed)
        best -= (slopes * moments).sum(dim=0)
        num_colors = self._table.shape[1]
        for number, (rows, columns) in enumerate(self._neighbors):
            inside, here, there = _pair_slices(self.indices.shape, first, (rows, columns))
            change = self._moments[there] - self._moments[here]
            gain = (change * (field[here] - field[there])).sum(dim=0)
            shared = self._pairs[number % len(_HALF_OF_NEIGHBORS)]
            at = here if number < len(_HALF_OF_NEIGHBORS) else there
            gain -= (shared[at] * change[: len(shared)].square()).sum(dim=0)
            self._add_noise(gain, temperature)
            # Swapping equal colors changes nothing, and must not win because of its noise.
            old, new = self.indices[here[1:]], self.indices[there[1:]]
            gain.masked_fill_(new == old, torch.inf)
            if self.allowed is not None:
                both = self.allowed.permit(new, here[1:]) & self.allowed.permit(old, there[1:])
                gain.masked_fill_(~both, torch.inf)
            better = gain < best[inside]
            best[inside] = torch.where(better, gain, best[inside])
            moves[inside] = torch.where(better, num_colors + number, moves[inside])
        return best, moves

    def _cheapest_colors(
        self,
        slopes: Float[Tensor, "m y x"],
        temperature: float,
        allowed: Bool[Tensor, "k y x"] | None,
    ) -> tuple[Float[Tensor, "y x"], Int[Tensor, "y x"]]:
        flat = slopes.flatten(1)
        forbidden = None if allowed is None else ~allowed.flatten(1)
        best, colors = [], []
        part_px = max(1, _PART_OF_PRICES // self._table.shape[1])
        for start in range(0, flat.shape[1], part_px):
            part = slice(start, start + part_px)
            prices = self._table.T @ flat[:, part]
            self._add_noise(prices, temperature)
            if forbidden is not None:
                prices.masked_fill_(forbidden[:, part], torch.inf)
            least = prices.min(dim=0)
            best.append(least.values)
            colors.append(least.indices)
        shape = slopes.shape[1:]
        return torch.cat(best).view(shape), torch.cat(colors).view(shape)

    def _add_noise(self, prices: Tensor, temperature: float) -> None:
        if temperature:
            noise = torch.empty_like(prices).exponential_(generator=self.generator)
            prices.add_(noise.log_(), alpha=temperature)

    def _choose(
        self,
        gains: Float[Tensor, "y x"],
        moves: Int[Tensor, "y x"],
        mine: tuple[slice, ...],
    ) -> Bool[Tensor, "y x"]:
        """Return which moves gain, and more than those around them."""
        stays = moves == self.indices[mine]
        # Equal gains, which are common in flat pictures, are decided at random.
        chance = torch.rand(gains.shape, generator=self.generator, device=gains.device)
        score = torch.where(stays, 0, -gains).clamp_min_(0) * chance.mul_(1e-3).add_(1)
        around = torch.nn.functional.max_pool2d(score[None], 3, stride=1, padding=1)[0]
        return (score > 0) & (score >= around)


def _pair_slices(
    shape: torch.Size, first: tuple[int, int], offset: tuple[int, int]
) -> tuple[tuple[slice, ...], tuple[slice, ...], tuple[slice, ...]]:
    """Return slices of the pixels of a class that have a neighbor at an offset.

    The slices select the pixels in the class, the pixels in the picture, and their neighbors.
    """
    inside, here, there = [], [slice(None)], [slice(None)]
    for size, start, step in zip(shape, first, offset, strict=True):
        count = len(range(start, size, _STRIDE))
        skip = 1 if start + step < 0 else 0
        if start + (count - 1) * _STRIDE + step >= size:
            count -= 1
        inside.append(slice(skip, max(count, skip)))
        begin, end = start + skip * _STRIDE, start + (max(count, skip) - 1) * _STRIDE + 1
        here.append(slice(begin, max(begin, end), _STRIDE))
        there.append(slice(begin + step, max(begin, end) + step, _STRIDE))
    return tuple(inside), tuple(here), tuple(there)
