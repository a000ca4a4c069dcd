"""Mean-field annealing that chooses a sub-palette for each cell of a picture."""

from collections.abc import Iterator

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ditherlab.discrete.allowed_colors import AllowedColors
from ditherlab.discrete.cells import CellRule
from ditherlab.discrete.cells.grid import CellGrid
from ditherlab.discrete.cells.responses import CellResponses
from ditherlab.discrete.error_diffusion import diffuse_error
from ditherlab.discrete.search import Search, Step
from ditherlab.protocol import Cost, Objective, Target
from ditherlab.types import Colors

# The temperatures of the rounds, for pixels and cells, in mean weights of a cell's pixels. A fourth
# round, or a colder end, changes the results by less than a percent.
_TEMPERATURES = (0.03, 0.01, 0.003)

# Cells that are updated together are this far apart, so that they hardly interact.
_DISTANCE_PX = 8

# Numbers held at once for each color of a sub-palette, for the responses of a batch of cells.
_PART_OF_RESPONSES = 1 << 21


class CellSearch(Search):
    """A search over the sub-palettes of cells; the picture obeys the rule after every step.

    Each cell has a categorical over its sub-palettes, `q(S) ~ exp(-F_S / T)`, with `F_S` the free
    energy of the whole cell drawn in `S`, in addition to the categoricals over its pixels' colors.
    Cells are updated to this best response in parallel within a class, class after class, and the
    temperature falls from round to round. In the first round, cells start with perfect neighbors,
    whose pixels equal the target; later they use the expected colors of their neighbors.

    Source: Lawrence Saul and Michael Jordan, "Exploiting Tractable Substructures in Intractable
    Networks", NIPS 1995, for mean fields that keep what belongs together.
    """

    def __init__(
        self, rule: CellRule, objective: Objective, cost: Cost, target: Target, palette: Colors
    ) -> None:
        height, width = target.images.shape[-2:]
        device = palette.device
        self.cost = cost
        self._grid = CellGrid(height, width, rule.height_px, rule.width_px)
        self._members = torch.from_numpy(rule.members).to(device)
        self._subpalettes = torch.tensor(rule.subpalettes, device=device)
        self._table = cost.expected_color_moments(palette)[0]
        self._responses = CellResponses.of(
            objective, cost.footprint_px, self._table, self._subpalettes, self._grid
        )
        self._values = cost.pixel_error().values[0]
        self._chosen = self._nearest_subpalettes()
        # Pixels are stored as places in the sub-palette, so that they are valid in any sub-palette.
        diffused = diffuse_error(
            self._values,
            self._table[: len(self._values)],
            cost.pixel_error().weights[0],
            target.opaque[0, 0],
            allowed=self.allowed,
        )
        cells = self._grid.split(diffused[None])[0]
        colors = self._subpalettes[self._chosen][:, None]
        self._places = (colors == cells[:, :, None]).to(torch.uint8).argmax(dim=2)

    @property
    def allowed(self) -> AllowedColors:
        """The colors that pixels may take, as chosen so far."""
        return AllowedColors(self._members, self.cell_choices)

    @property
    def cell_choices(self) -> Int[Tensor, "h w"]:
        """The number of the sub-palette of each pixel's cell, as chosen so far."""
        return self._grid.paint(self._chosen)

    @property
    def indices(self) -> Int[Tensor, "h w"]:
        """The current picture."""
        return self._grid.join(self._subpalettes[self._chosen].gather(1, self._places)[None])[0]

    def steps(self) -> Iterator[Step]:
        """Update all cells in several rounds; yield after each batch of cells."""
        moments = self._grid.split(torch.cat([self._values, self._values.square()]))
        num_numbers = moments.shape[2] * len(self._subpalettes)
        num_at_once = max(1, _PART_OF_RESPONSES // num_numbers)
        classes = self._grid.classes(_DISTANCE_PX)
        num_done, num_all = 0, self._grid.num_cells * len(_TEMPERATURES)
        for temperature in _TEMPERATURES:
            for cells in classes:
                cost = self.price()
                joined = self._grid.join(moments).unsqueeze(0)
                slopes = self._grid.split(self.cost.expected_with_field(joined)[1][0])
                for some in cells.to(slopes.device).split(num_at_once):
                    before = moments[:, some]
                    moments[:, some] = self._choose(some, slopes[:, some], before, temperature)
                    num_done += len(some)
                    yield Step(num_done / num_all, cost)

    def price(self) -> Float[Tensor, ""]:
        """Return the cost of the current picture."""
        return self.cost.expected_from_moments(self._table[:, self.indices].unsqueeze(0))[0]

    def _choose(
        self,
        cells: Int[Tensor, "c"],
        slopes: Float[Tensor, "m c n"],
        moments: Float[Tensor, "m c n"],
        temperature: float,
    ) -> Float[Tensor, "m c n"]:
        """Update cells to their best response; return the expected moments of their pixels."""
        response = self._responses.answer(slopes, moments, temperature)
        chances = (response.free_energies / -response.heat[:, None]).softmax(dim=1)
        best = chances.argmax(dim=1)
        here = torch.arange(len(cells), device=cells.device)
        self._places[cells] = response.probs[:, here, :, best].argmax(dim=1)
        self._chosen[cells] = best
        weighted = response.probs * chances[:, None]
        shown = slopes.new_zeros((self._table.shape[1], *slopes.shape[1:]))
        for place, colors in zip(weighted, self._subpalettes.T, strict=True):
            shown.index_add_(0, colors, place.permute(2, 0, 1))
        return torch.einsum("mk,kcn->mcn", self._table, shown)

    def _nearest_subpalettes(self) -> Int[Tensor, "c"]:
        """Return the sub-palette of each cell with the least error of single pixels."""
        pixel = self.cost.pixel_error()
        colors = self._table[: len(self._values)].T
        prices = self._grid.split(torch.cat([pixel.price(color) for color in colors]))
        least = [prices[subpalette].amin(dim=0).sum(dim=1) for subpalette in self._subpalettes]
        return torch.stack(least).argmin(dim=0)
