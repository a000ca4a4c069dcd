"""Flat areas and line art: where a picture has exact colors, and no gradients or grain."""

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from ditherlab.types import Images

# Steps between neighbors up to this size are those of gradients and grain, not edges.
_LARGEST_SOFT_STEP = 8.5 / 255

# Steps around a pixel are counted this far; flat bands of a gradient may be half as wide.
_SURROUNDINGS_PX = 32

# Of the steps around a pixel, the part that may be soft: smoothed edges have some.
_MOST_SOFT = 0.3

# Of the eight neighbors, those with the same color: two for a pixel of a line.
_LEAST_EQUAL = 2

_NEIGHBORS = ((0, 1), (1, 0), (1, 1), (1, -1))


def flat_pixels(images: Images) -> Bool[Tensor, "b 1 h w"]:
    """Find the pixels of flat areas and line art: text, charts, drawings, sprites.

    Such a pixel has the color of two neighbors at least, and the steps of color around it are
    edges. Flat bands of a gradient, photos and their clipped lights have soft steps around them.

    Args:
        images: Display sRGB.
    """
    equal = torch.zeros_like(images[:, :1], dtype=torch.int32)
    soft, steps = torch.zeros_like(equal), torch.zeros_like(equal)
    height, width = images.shape[-2:]
    codes = color_codes(images)
    for down, across in _NEIGHBORS:
        here = (..., slice(0, height - down), slice(max(0, -across), width - max(0, across)))
        there = (..., slice(down, height), slice(max(0, across), width - max(0, -across)))
        same = codes[here] == codes[there]
        equal[here] += same
        equal[there] += same
        if 0 in (down, across):
            step = (images[there] - images[here]).abs_().amax(dim=1, keepdim=True)
            soft[here] += ~same & (step < _LARGEST_SOFT_STEP)
            steps[here] += ~same
    is_soft = _sum_around(soft) > _MOST_SOFT * _sum_around(steps).float()
    return (equal >= _LEAST_EQUAL) & ~is_soft


def color_codes(images: Images) -> Int[Tensor, "b 1 h w"]:
    """Pack the 8-bit levels of each pixel's channels into one number."""
    codes = torch.zeros_like(images[:, :1], dtype=torch.int32)
    for channel in images.split(1, dim=1):
        codes = (codes << 8) | (channel * 255).round_().int()
    return codes


def _sum_around(counts: Int[Tensor, "b 1 h w"]) -> Int[Tensor, "b 1 h w"]:
    """Sum counts in a square around each pixel, as far as it lies inside the picture."""
    for dim in (2, 3):
        size = counts.shape[dim]
        sums = torch.cat([torch.zeros_like(counts.narrow(dim, 0, 1)), counts], dim).cumsum(
            dim, dtype=torch.int32
        )
        places = torch.arange(size, device=counts.device)
        past = (places + _SURROUNDINGS_PX + 1).clamp_max(size)
        first = (places - _SURROUNDINGS_PX).clamp_min(0)
        counts = sums.index_select(dim, past) - sums.index_select(dim, first)
    return counts
