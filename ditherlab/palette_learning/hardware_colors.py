"""Search for the best palette among the colors that hardware can show."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ditherlab.palette.hardware_gamut import HardwareGamut
from ditherlab.types import Colors
from ditherlab.vision.color import linear_to_srgb, srgb_to_linear

# With up to this many colors, all are candidates for each entry; with more, only nearby ones.
_FEW_COLORS = 1 << 12
_LEVELS_AROUND = 5

_MAX_NUM_SWEEPS = 10

_RED, _GREEN = 1 << 16, 1 << 8


class HardwareColors:
    """The colors that hardware can show, for nearest-color search and palette fits.

    Each color is used once, as long as an unused one is left.

    Args:
        gamut: All colors that the hardware can show.
        num_channels: 3, or 1 for gray pictures.
    """

    def __init__(self, gamut: HardwareGamut, num_channels: int) -> None:
        self._levels: list[Tensor] | None = None
        self._points: Tensor | None = None
        if gamut.levels is not None and num_channels == 1:
            self._points = torch.tensor(gamut.levels[0])[:, None]
        elif gamut.levels is None or gamut.num_colors <= _FEW_COLORS:
            self._points = torch.tensor(gamut.colors)[:, :num_channels].unique(dim=0)
        else:
            self._levels = [torch.tensor(levels) for levels in gamut.levels]

    def snap(self, palette: Colors, num_fixed: int = 0) -> Colors:
        """Move every color to the nearest unused hardware color in display sRGB.

        Args:
            palette: The palette of one picture, in display sRGB.
            num_fixed: Number of colors at the start of the palette that do not move.
        """
        snapped = palette.cpu().clone()
        wanted = snapped[0].double() * 255
        taken = _pack(wanted[:num_fixed].round().long()).tolist()
        # Nearest first, so that colors that the hardware can show already do not move.
        for color in sorted(range(num_fixed, len(wanted)), key=lambda c: self._gap(wanted[c])):
            points = self._around(wanted[color])
            prices = (points - wanted[color]).square().sum(dim=1)
            point = points[_cheapest_free(prices, points, taken)]
            taken.append(int(_pack(point)))
            snapped[0, color] = (point / 255).to(snapped)
        return snapped.to(palette.device)

    def land(
        self,
        matrix: Float[Tensor, "n n"],
        right: Float[Tensor, "n"],
        best: Float[Tensor, "n"],
        palette: Colors,
        *,
        num_fixed: int,
        num_landing: int,
    ) -> Int[Tensor, "k c"]:
        """Choose hardware colors that minimize `x' A x - 2 x' b`.

        The search starts at the unconstrained minimum. One color after the other, the most used
        first, moves to the hardware color that costs least if the colors that are not placed yet
        adapt. If all colors are placed, coordinate descent follows, from this result and from the
        rounded minimum: each color moves to its best hardware color while the others stay, as long
        as that helps. The better result is returned.

        Source: Laszlo Babai, "On Lovasz' Lattice Reduction and the Nearest Lattice Point Problem",
        Combinatorica 1986, for the first part, "nearest planes".

        Args:
            matrix: `A`, the colors of the first channel first.
            right: `b`.
            best: The minimum without this constraint, in linear light in [0, 1].
            palette: The current palette, in display sRGB.
            num_fixed: Number of colors at the start of the palette that do not move.
            num_landing: Number of the other colors to place.

        Returns:
            8-bit levels; -1 for colors that are not placed.
        """
        num_colors, num_channels = palette.shape[1:]
        shape = (num_channels, num_colors)
        form = matrix.cpu().view(*shape, *shape).permute(1, 0, 3, 2)
        pull = right.cpu().view(shape).T
        center = best.cpu().view(shape).T.contiguous()
        places = (palette[0].cpu().double() * 255).round().long()
        places[num_fixed:] = -1
        rest = slice(num_fixed, None)
        self._fix_in_turn(form[rest, :, rest], center[rest], places, num_landing)
        if num_fixed + num_landing < num_colors:
            return places.to(palette.device)
        wanted = torch.cat([palette[0, :num_fixed].cpu().double(), linear_to_srgb(center[rest])])
        rounded = (self.snap(wanted.unsqueeze(0), num_fixed)[0] * 255).round().long()
        for start in (places, rounded):
            self._improve(form, pull, start, num_fixed)
        cheapest = min((places, rounded), key=lambda found: _price(form, pull, found))
        return cheapest.to(palette.device)

    def _fix_in_turn(
        self,
        form: Float[Tensor, "m c m c"],
        center: Float[Tensor, "m c"],
        places: Int[Tensor, "k c"],
        num_landing: int,
    ) -> None:
        num_colors, num_channels = center.shape
        num_fixed = len(places) - num_colors
        # The least used colors are placed last: no free ones are left to make up for their errors.
        weights = form.diagonal(dim1=0, dim2=2).sum(dim=(0, 1))
        order = weights.argsort()
        ordered = form[order][:, :, order].reshape(num_colors * num_channels, -1)
        factor = torch.linalg.cholesky(ordered)
        offsets = torch.zeros(num_colors * num_channels, dtype=center.dtype)
        taken = _pack(places[:num_fixed]).tolist()
        for place in reversed(range(num_colors - num_landing, num_colors)):
            mine = slice(place * num_channels, (place + 1) * num_channels)
            later = slice(mine.stop, None)
            corner = factor[mine, mine]
            shift = torch.linalg.solve(corner.T, factor[later, mine].T @ offsets[later])
            color = int(order[place])
            wanted = center[color] - shift
            points = self._around(_to_levels(wanted))
            steps = _light(points) - wanted
            prices = (steps @ corner).square().sum(dim=1)
            chosen = _cheapest_free(prices, points, taken)
            places[num_fixed + color] = points[chosen]
            taken.append(int(_pack(points[chosen])))
            offsets[mine] = _light(points[chosen]) - center[color]

    def _improve(
        self,
        form: Float[Tensor, "k c k c"],
        pull: Float[Tensor, "k c"],
        places: Int[Tensor, "k c"],
        num_fixed: int,
    ) -> None:
        num_colors, num_channels = pull.shape
        light = _light(places)
        rows = form.reshape(num_colors, num_channels, -1)
        taken = _pack(places).tolist()
        for _ in range(_MAX_NUM_SWEEPS):
            has_moved = False
            for color in range(num_fixed, num_colors):
                block = form[color, :, color]
                slope = rows[color] @ light.flatten() - block @ light[color] - pull[color]
                points = self._around(places[color].double())
                candidates = _light(points)
                prices = (candidates * (candidates @ block + 2 * slope)).sum(dim=1)
                mine, taken[color] = taken[color], -1
                chosen = _cheapest_free(prices, points, taken)
                taken[color] = int(_pack(points[chosen]))
                has_moved |= taken[color] != mine
                places[color], light[color] = points[chosen], candidates[chosen]
            if not has_moved:
                return

    def _gap(self, wanted: Float[Tensor, "c"]) -> float:
        """Return the squared distance to the nearest hardware color."""
        return float((self._around(wanted) - wanted).square().sum(dim=1).min())

    def _around(self, wanted: Float[Tensor, "c"]) -> Int[Tensor, "p c"]:
        """Return the candidate hardware colors for a wanted color, as 8-bit levels."""
        if self._levels is None:
            if self._points is None:
                raise ValueError("The hardware gamut is empty.")
            return self._points
        near = []
        for levels, value in zip(self._levels, wanted, strict=True):
            middle = int((levels - value).abs().argmin())
            first = max(0, min(middle - _LEVELS_AROUND // 2, len(levels) - _LEVELS_AROUND))
            near.append(levels[first : first + _LEVELS_AROUND])
        return torch.cartesian_prod(*near)


def _cheapest_free(prices: Float[Tensor, "p"], points: Int[Tensor, "p c"], taken: list[int]) -> int:
    """Return the index of the cheapest unused point, or of the cheapest if all are used."""
    is_taken = torch.isin(_pack(points), torch.tensor(taken, dtype=torch.long))
    if not bool(is_taken.all()):
        prices = prices.masked_fill(is_taken, torch.inf)
    return int(prices.argmin())


def _price(
    form: Float[Tensor, "k c k c"], pull: Float[Tensor, "k c"], places: Int[Tensor, "k c"]
) -> float:
    light = _light(places).flatten()
    matrix = form.reshape(len(light), len(light))
    return float(light @ (matrix @ light - 2 * pull.flatten()))


def _pack(levels: Int[Tensor, "*p c"]) -> Int[Tensor, "*p"]:
    weights = torch.tensor([_RED, _GREEN, 1])[: levels.shape[-1]]
    packed: Tensor = (levels * weights).sum(dim=-1)
    return packed


def _light(levels: Int[Tensor, "*p c"]) -> Float[Tensor, "*p c"]:
    return srgb_to_linear(levels.double() / 255)


def _to_levels(linear: Float[Tensor, "c"]) -> Float[Tensor, "c"]:
    return linear_to_srgb(linear.clamp(0, 1)) * 255
