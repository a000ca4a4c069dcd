"""Error diffusion in linear light, in parallel along slanted lines of independent pixels."""

from dataclasses import replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import pad

from ditherlab.discrete.allowed_colors import AllowedColors

# Parts of the error that go to the right, below left, below, below right.
_RIGHT, _BELOW_LEFT, _BELOW, _BELOW_RIGHT = 7 / 16, 3 / 16, 5 / 16, 1 / 16

# How far, in ranges of the palette, wanted values may leave it: else errors pile up where a palette
# cannot follow, and smear over what comes next.
_HEADROOM = 0.25

# Tiles that are diffused side by side, and the pixels before each from which errors arrive. On
# three photos in four palettes, the cost after a polish was within 0.7 % of that without tiles, and
# the same in the mean; tiles of 16 pixels without a run-in cost up to 2.2 % more.
_TILE_PX, _RUN_IN_PX = 32, 8


def diffuse_error(
    values: Float[Tensor, "c *t h w"],
    colors: Float[Tensor, "c k"],
    weights: Float[Tensor, "c *t h w"],
    opaque: Bool[Tensor, "*t h w"],
    *,
    shifts: Float[Tensor, "2 *t h w"] | None = None,
    noise: Float[Tensor, "c *t h w"] | None = None,
    allowed: AllowedColors | None = None,
) -> Int[Tensor, "*t h w"]:
    """Choose the nearest color at each pixel, and distribute the error to its neighbors.

    A pixel depends on pixels at its left and above it. All pixels of one `x + 2 y` are processed at
    once, in `w + 2 h` steps instead of `w h`, and so are all tiles `t` if there are several.

    Args:
        values: The target values of the pixels, in a linear space.
        colors: The palette in the same space.
        weights: The weights of squared errors at each pixel, to choose the nearest color.
        opaque: True at opaque pixels; errors are dropped at the others.
        shifts: From -1 to 1: how much of what goes below goes to the right instead, and how much
            of what goes below right goes to the left; below 0 the other way. None for neither.
        noise: Added to each value when its color is chosen, and not to its error; None for nothing.
        allowed: The colors that each pixel may take; None for all.

    Returns:
        Palette indices.

    Source: Robert W. Floyd and Louis Steinberg, "An Adaptive Algorithm for Spatial Greyscale",
    Proceedings of the SID 1976, for the four weights; Robert Ulichney, "Digital Halftoning", MIT
    Press 1987, section 8.3, for random shifts between pairs of them.
    """
    *others, height, width = values.shape
    rows = torch.arange(height, device=values.device).unsqueeze(1)
    fronts = torch.arange(width, device=values.device) + 2 * rows
    num_fronts = width + 2 * height
    # One row of margin on both sides, for the errors that leave the picture.
    places = (..., fronts, rows.expand_as(fronts) + 1)
    wanted = values.new_zeros((*others, num_fronts + 3, height + 2))
    wanted[places] = values
    shifted = wanted.new_zeros((2, *wanted.shape[1:]))
    if shifts is not None:
        shifted[places] = shifts
    disturbance = None
    if noise is not None:
        disturbance = torch.zeros_like(wanted)
        disturbance[places] = noise
    prices = torch.zeros_like(wanted)
    prices[places] = weights / weights.mean().clamp_min(torch.finfo(weights.dtype).tiny)
    seen = torch.zeros_like(wanted[0])
    seen[places] = opaque.to(seen)
    chosen = torch.zeros_like(seen, dtype=torch.int64)
    levels = colors.view(*colors.shape, *(1 for _ in others))
    lowest, highest = levels.amin(dim=1), levels.amax(dim=1)
    margin = _HEADROOM * (highest - lowest)
    for front in range(num_fronts - 2):
        first = max(0, (front - width + 2) // 2)
        last = min(height, front // 2 + 1)
        if first >= last:
            continue
        here, below = slice(first + 1, last + 1), slice(first + 2, last + 2)
        value = wanted[..., front, here].clamp(lowest - margin, highest + margin)
        sought = value if disturbance is None else value + disturbance[..., front, here]
        deviation = (sought.unsqueeze(1) - levels).square()
        distance = (deviation * prices[..., front, here].unsqueeze(1)).sum(dim=0)
        if allowed is not None:
            ys = torch.arange(first, last, device=values.device)
            distance.masked_fill_(~allowed.at((..., ys, front - 2 * ys)), torch.inf)
        index = distance.argmin(dim=0)
        chosen[..., front, here] = index
        error = (value - colors[:, index]) * seen[..., front, here]
        to_right, to_left = shifted[..., front, here]
        to_right, to_left = to_right * _BELOW, to_left * _BELOW_RIGHT
        wanted[..., front + 1, here].addcmul_(error, _RIGHT + to_right)
        wanted[..., front + 1, below].addcmul_(error, _BELOW_LEFT + to_left)
        wanted[..., front + 2, below].addcmul_(error, _BELOW - to_right)
        wanted[..., front + 3, below].addcmul_(error, _BELOW_RIGHT - to_left)
    return chosen[places]


def diffuse_error_in_tiles(
    values: Float[Tensor, "c h w"],
    colors: Float[Tensor, "c k"],
    weights: Float[Tensor, "c h w"],
    opaque: Bool[Tensor, "h w"],
    *,
    shifts: Float[Tensor, "2 h w"],
    noise: Float[Tensor, "c h w"] | None = None,
    allowed: AllowedColors | None = None,
) -> Int[Tensor, "h w"]:
    """Diffuse errors within tiles, all at once: for accelerators, to which each step is a launch.

    The number of steps does not depend on the size of the picture. Errors enter a tile from a few
    rows above it and columns before it, and none leaves it; a polish then mends the seams.
    """
    height, width = opaque.shape
    num_rows, num_columns = -(-height // _TILE_PX), -(-width // _TILE_PX)
    margins = (_RUN_IN_PX, num_columns * _TILE_PX - width, _RUN_IN_PX, num_rows * _TILE_PX - height)

    def cut(planes: Tensor) -> Tensor:
        padded, size = pad(planes, margins), _TILE_PX + _RUN_IN_PX
        return padded.unfold(-2, size, _TILE_PX).unfold(-2, size, _TILE_PX)

    if allowed is not None:
        allowed = replace(allowed, subpalettes=cut(allowed.subpalettes))
    tiles = diffuse_error(
        cut(values),
        colors,
        cut(weights),
        cut(opaque),
        shifts=cut(shifts),
        noise=None if noise is None else cut(noise),
        allowed=allowed,
    )
    chosen = tiles[..., _RUN_IN_PX:, _RUN_IN_PX:].movedim(2, 1).flatten(2, 3).flatten(0, 1)
    return chosen[:height, :width].contiguous()
