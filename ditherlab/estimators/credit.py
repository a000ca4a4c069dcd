"""Credit: the part of a drawn picture's cost that is attributed to a pixel."""

from typing import Literal

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

from ditherlab.devices import has_doubles
from ditherlab.types import CostMap

Credit = Literal["global", "local"]
"""`global`: the whole cost; `local`: the cost of the windows that contain the pixel."""

PixelCosts = Float[Tensor, "s b h w"]


def credit_pixels(cost_map: CostMap, footprint_px: int) -> PixelCosts:
    """Sum the cost map over the square of windows that a pixel influences.

    The other windows do not depend on the pixel, so their contribution to its score term has mean
    zero. Leaving them out keeps the gradient, and removes a variance that grows with the size of
    the picture.

    Args:
        cost_map: A cost map, which sums to the cost.
        footprint_px: The radius of a pixel's influence.
    """
    for dim in (-1, -2):
        cost_map = _sum_runs(cost_map, footprint_px, dim)
    return cost_map


def _sum_runs(values: Tensor, radius: int, dim: int) -> Tensor:
    """Sum the `2 radius + 1` neighbors along one axis, as a difference of running sums."""
    size = values.shape[dim]
    if not has_doubles(values.device):
        padded = pad(values, (radius, radius) if dim == -1 else (0, 0, radius, radius))
        windows = padded.unfold(dim, 2 * radius + 1, 1)
        return windows.sum(dim=-1)
    margins = (radius + 1, radius) if dim == -1 else (0, 0, radius + 1, radius)
    # In double precision, because differences of large sums would lose small values.
    sums = pad(values.double(), margins).cumsum(dim)
    difference = sums.narrow(dim, 2 * radius + 1, size) - sums.narrow(dim, 0, size)
    return difference.to(values.dtype)
