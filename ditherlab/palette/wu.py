"""Wu's quantizer: cuts boxes of the color cube where the least variance remains."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from ditherlab.palette.colors import Color

_NUM_BITS = 5
_NUM_BINS = 1 << _NUM_BITS

_Corner = tuple[int, int, int]


@dataclass(frozen=True)
class _Box:
    """Bins from `low` up to, but not including, `high`, on each axis."""

    low: _Corner
    high: _Corner


@dataclass(frozen=True, eq=False)
class _Moments:
    """Cumulative moments at each corner of the bins: pixel count, sums of channels, of squares."""

    table: Float[np.ndarray, "33 33 33 5"]

    def along(self, box: _Box, axis: int) -> Float[np.ndarray, "n 5"]:
        """Return the moments of a box below every cut across an axis; the last is the whole box."""
        table = np.moveaxis(self.table, axis, 0)[box.low[axis] : box.high[axis] + 1]
        one, other = (a for a in range(3) if a != axis)
        slabs = table[:, box.high[one]] - table[:, box.low[one]]
        sums: Float[np.ndarray, "n 5"] = slabs[:, box.high[other]] - slabs[:, box.low[other]]
        sums -= sums[0].copy()
        return sums

    def total(self, box: _Box) -> Float[np.ndarray, "5"]:
        """Return the moments of a whole box."""
        sums: Float[np.ndarray, "5"] = self.along(box, 0)[-1]
        return sums

    def spread(self, box: _Box) -> float:
        """Return the sum of the squared distances of a box's pixels from their mean."""
        total = self.total(box)
        return float(total[4] - _gain(total[None])[0])


def wu_colors(pixels: UInt8[np.ndarray, "n 3"], num_colors: int) -> list[Color]:
    """Quantize colors by cutting the box of the largest variance until there are enough boxes.

    Each cut minimizes the variance of the two parts over all axes and places. Tables of cumulative
    moments give the sums of a box in eight lookups. Bins have 5 bits a channel; the mean colors
    use all 8.

    Args:
        pixels: 8-bit display sRGB.
        num_colors: The largest number of colors; there are fewer if no box can be cut any more.

    Returns:
        The mean color of each box.

    Source: Xiaolin Wu, "Efficient Statistical Computations for Optimal Color Quantization",
    Graphics Gems II, 1991, pp. 126-133.

    Example:
        >>> halves = np.array([[0, 0, 0], [2, 2, 2], [250, 0, 0]], dtype=np.uint8)
        >>> wu_colors(halves, 2)
        [(1, 1, 1), (250, 0, 0)]
    """
    moments = _count(pixels)
    boxes = [_Box((0, 0, 0), (_NUM_BINS,) * 3)]
    spreads = [moments.spread(boxes[0])]
    while len(boxes) < num_colors:
        widest = int(np.argmax(spreads))
        if spreads[widest] <= 0:
            break
        parts = _cut(moments, boxes[widest])
        if parts is None:
            spreads[widest] = 0.0
            continue
        boxes[widest : widest + 1] = parts
        spreads[widest : widest + 1] = [moments.spread(part) for part in parts]
    return [_mean(moments.total(box)) for box in boxes]


def _count(pixels: UInt8[np.ndarray, "n 3"]) -> _Moments:
    bins = (pixels >> (8 - _NUM_BITS)).astype(np.int64)
    flat = np.ravel_multi_index((bins[:, 0], bins[:, 1], bins[:, 2]), (_NUM_BINS,) * 3)
    levels = pixels.astype(np.float64)
    weights = [None, *levels.T, (levels**2).sum(axis=1)]
    table = np.zeros((_NUM_BINS + 1,) * 3 + (len(weights),))
    for moment, weight in enumerate(weights):
        sums = np.bincount(flat, weight, minlength=_NUM_BINS**3)
        table[1:, 1:, 1:, moment] = sums.reshape((_NUM_BINS,) * 3)
    return _Moments(table.cumsum(axis=0).cumsum(axis=1).cumsum(axis=2))


def _cut(moments: _Moments, box: _Box) -> tuple[_Box, _Box] | None:
    best_gain, best = 0.0, None
    for axis in range(3):
        below = moments.along(box, axis)
        above = below[-1] - below
        gains = _gain(below) + _gain(above)
        gains[(below[:, 0] == 0) | (above[:, 0] == 0)] = 0
        place = int(np.argmax(gains))
        if gains[place] > best_gain:
            best_gain, best = float(gains[place]), (axis, box.low[axis] + place)
    if best is None:
        return None
    axis, place = best
    low, high = list(box.low), list(box.high)
    low[axis] = high[axis] = place
    return _Box(box.low, (high[0], high[1], high[2])), _Box((low[0], low[1], low[2]), box.high)


def _gain(sums: Float[np.ndarray, "n 5"]) -> Float[np.ndarray, "n"]:
    """Return the squared length of the summed color over the number of pixels; 0 for no pixels."""
    gain: Float[np.ndarray, "n"] = (sums[:, 1:4] ** 2).sum(axis=1) / np.maximum(sums[:, 0], 1)
    return gain


def _mean(total: Float[np.ndarray, "5"]) -> Color:
    red, green, blue = (int(level) for level in (total[1:4] / total[0]).round())
    return red, green, blue
