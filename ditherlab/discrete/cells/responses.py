"""Best responses of cells: the pixels and the free energy of a cell in each sub-palette."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ditherlab.discrete.cells.grid import CellGrid
from ditherlab.protocol import Objective, Target
from ditherlab.types import MomentTable

# The order in which the pixels of a cell are updated; pixels with equal numbers are updated
# together. A late pixel can make up for the errors of its neighbors, which are settled already. The
# pattern is Bayer's: Bryce Bayer, "An Optimum Method for Two-Level Rendition of Continuous-Tone
# Pictures", ICC 1973.
_ORDER = ((0, 8, 2, 10), (12, 4, 14, 6), (3, 11, 1, 9), (15, 7, 13, 5))

# The largest margin around a cell in the flat picture on which the kernel is computed.
_FARTHEST_PX = 64


@dataclass(frozen=True, eq=False)
class Responses:
    """The best responses of some cells in each sub-palette.

    Attributes:
        free_energies: Change of the expected cost, minus the temperature times the entropy.
        probs: Probability of each place in the sub-palette, for each pixel.
        heat: Temperature of each cell, in units of the cost.
    """

    free_energies: Float[Tensor, "c s"]
    probs: Float[Tensor, "p c n s"]
    heat: Float[Tensor, "c"]


@dataclass(frozen=True, eq=False)
class CellResponses:
    """Computes the best response of cells in each sub-palette, with all other cells fixed.

    With `g` the slope of the expected cost in the moments, and `W` the pair weights, changes `d` of
    the mean moments of a cell's pixels change the expected cost by
    `sum_i <g_i, d_i> + 1/2 sum_ij <W_ij, d_i d_j>`. `W` is taken as that of a flat picture,
    `K_ij sqrt(v_i v_j)`, with the weights `v` of the pixels' own squares, because the visibility of
    errors changes little within a cell. One pixel after the other is set to its best response
    `p_ik ~ exp(-(g_i T_k + sum_j <W_ij, d_j T_k>) / T)`, over the colors of the sub-palette.

    Attributes:
        table: Moments of the palette's colors: values, then squares.
        subpalettes: Palette indices.
        kernel: `K`, for each channel.
        order: Groups of pixels of a cell that are updated together, in order.
    """

    table: MomentTable
    subpalettes: Int[Tensor, "s p"]
    kernel: Float[Tensor, "c n n"]
    order: tuple[Int[Tensor, "n"], ...]

    @classmethod
    def of(
        cls,
        objective: Objective,
        footprint_px: int,
        table: Float[Tensor, "m k"],
        subpalettes: Int[Tensor, "s p"],
        grid: CellGrid,
    ) -> "CellResponses":
        """Compute the kernel of a cell on a flat picture."""
        height, width = grid.cell_height_px, grid.cell_width_px
        # With this margin, no window around the middle reaches the reflecting borders.
        margin = max(min(2 * footprint_px, _FARTHEST_PX), height, width)
        shape = (1, 1, height + 2 * margin, width + 2 * margin)
        opaque = torch.ones(shape, dtype=torch.bool, device=table.device)
        num_channels = len(table) // 2
        gray = table.new_full((1, num_channels, *shape[2:]), 0.5)
        cost = objective.bind(Target(gray, opaque))
        middle = (margin + height // 2, margin + width // 2)
        impulse = table.new_zeros((2, len(table), *shape[2:]))
        impulse[1, :num_channels, *middle] = 1
        slopes = [cost.expected_with_field(moments.unsqueeze(0))[1][0] for moments in impulse]
        # The slope of a quadratic cost is affine, so its change gives the pair weights.
        shared = (slopes[1] - slopes[0])[:num_channels]
        own = slopes[0][num_channels:, *middle]
        ys = torch.arange(height).repeat_interleave(width)
        xs = torch.arange(width).repeat(height)
        down, across = ys - ys[:, None], xs - xs[:, None]
        kernel = shared[:, middle[0] + down, middle[1] + across] / own[:, None, None]
        # The weight of a pixel with itself is already part of the prices of its colors.
        kernel.diagonal(dim1=1, dim2=2).zero_()
        ranks = torch.tensor(_ORDER)[ys % 4, xs % 4]
        order = tuple((ranks == rank).nonzero()[:, 0].to(table.device) for rank in ranks.unique())
        return cls(table, subpalettes, kernel, order)

    def answer(
        self,
        slopes: Float[Tensor, "m c n"],
        moments: Float[Tensor, "m c n"],
        temperature: float,
    ) -> Responses:
        """Compute the best responses of cells in each sub-palette.

        Args:
            slopes: Slopes of the expected cost in the moments.
            moments: The current expected moments of the pixels.
            temperature: In units of the mean weight of a cell's pixels.
        """
        num_channels = len(self.kernel)
        weights = slopes[num_channels:]
        tiny = torch.finfo(weights.dtype).tiny
        heat = (weights.mean(dim=(0, 2)) * temperature).clamp_min(tiny)
        scales = weights.sqrt().unsqueeze(3)
        flips = torch.einsum("mcn,mk->kcn", slopes, self.table) - (slopes * moments).sum(dim=0)
        prices = flips[self.subpalettes.T].permute(0, 2, 3, 1).contiguous()
        colors = self.table[:num_channels, self.subpalettes].transpose(1, 2)
        means = moments[:num_channels].unsqueeze(3)
        probs = torch.zeros_like(prices)
        shape = (num_channels, slopes.shape[2], slopes.shape[1], len(self.subpalettes))
        # Pixels come first, so that one product applies the kernel to all cells and sub-palettes.
        changes = prices.new_zeros(shape)
        for pixels in self.order:
            seen = self._spread(changes, pixels) * scales[:, :, pixels]
            mine = prices[:, :, pixels]
            for channel, table in zip(seen, colors, strict=True):
                mine.addcmul_(channel, table[:, None, None])
            mine = mine.div_(-heat[:, None, None]).softmax(dim=0)
            probs[:, :, pixels] = mine
            for number, table in enumerate(colors):
                shown = (mine * table[:, None, None]).sum(dim=0) - means[number, :, pixels]
                changes[number, pixels] = (shown * scales[number, :, pixels]).transpose(0, 1)
        pairs = (self._spread(changes, slice(None)).transpose(1, 2) * changes).sum(dim=(0, 1))
        entropies = torch.special.entr(probs).sum(dim=(0, 2))
        energies = (probs * prices).sum(dim=(0, 2)) + pairs / 2
        return Responses(energies - heat[:, None] * entropies, probs, heat)

    def _spread(
        self, changes: Float[Tensor, "m n c s"], pixels: Tensor | slice
    ) -> Float[Tensor, "m c q s"]:
        """Apply the kernel: return the effect of all changes on some pixels."""
        products = self.kernel[:, pixels] @ changes.flatten(2)
        return products.view(len(changes), -1, *changes.shape[2:]).transpose(1, 2)
