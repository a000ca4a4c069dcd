"""Scales of a plot: positions of numbers, and ticks."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

# Up to this many decades, a logarithmic scale has room for more ticks than powers of ten.
_FEW_DECADES = 2.5

_MARGIN = 0.04

# From this ratio on, a logarithmic axis is better than a linear one.
_WIDE_RANGE = 4.0


@dataclass(frozen=True)
class Scale:
    """A linear or logarithmic mapping from numbers to pixels.

    Attributes:
        low: The number at the start.
        high: The number at the end; above `low`.
        start_px: The position of `low`.
        end_px: The position of `high`; less than `start_px` for a vertical axis.
        is_log: Whether the scale is logarithmic.
    """

    low: float
    high: float
    start_px: float
    end_px: float
    is_log: bool = False

    @classmethod
    def around(
        cls, numbers: Iterable[float], start_px: float, end_px: float, *, is_log: bool = False
    ) -> "Scale | None":
        """Return a scale for all numbers that it can show; None if there are none.

        Example:
            >>> Scale.around([0.0, 3.0], 0, 100, is_log=True)
            Scale(low=1.5, high=6.0, start_px=0, end_px=100, is_log=True)
        """
        shown = [n for n in numbers if math.isfinite(n) and (n > 0 or not is_log)]
        if not shown:
            return None
        low, high = min(shown), max(shown)
        if low == high and is_log:
            return cls(low / 2, high * 2, start_px, end_px, is_log)
        if low == high:
            room = abs(low) or 1.0
            return cls(low - room, high + room, start_px, end_px)
        if is_log:
            room = (high / low) ** _MARGIN
            return cls(low / room, high * room, start_px, end_px, is_log)
        room = (high - low) * _MARGIN
        # An axis must not extend below zero if no number is negative.
        low = low - room if low < 0 or low - room > 0 else 0.0
        return cls(low, high + room, start_px, end_px)

    def place(self, number: float) -> float:
        """Return the position of a number, clamped to the ends."""
        inside = min(max(number, self.low), self.high)
        if self.is_log:
            part = math.log(inside / self.low) / math.log(self.high / self.low)
        else:
            part = (inside - self.low) / (self.high - self.low)
        return self.start_px + part * (self.end_px - self.start_px)

    def ticks(self) -> list[float]:
        """Return about five round numbers inside the scale.

        Example:
            >>> Scale(0, 9, 0, 100).ticks()
            [0.0, 2.0, 4.0, 6.0, 8.0]
            >>> Scale(0.3, 40, 0, 100, is_log=True).ticks()
            [0.5, 1.0, 2.0, 5.0, 10.0, 20.0]
        """
        if self.is_log and self.high / self.low > 4:
            return self._powers()
        step = _round_step((self.high - self.low) / 6)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [float(f"{number * step:.12g}") for number in range(first, last + 1)]

    def _powers(self) -> list[float]:
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        is_short = math.log10(self.high / self.low) < _FEW_DECADES
        stride = max(1, round((last - first) / 8))
        ticks = [
            float(f"{factor}e{power}")
            for power in range(first, last + 1, 1 if is_short else stride)
            for factor in ((1, 2, 5) if is_short else (1,))
        ]
        return [tick for tick in ticks if self.low <= tick <= self.high]


def is_wide(numbers: Iterable[float], factor: float = _WIDE_RANGE) -> bool:
    """Return whether positive numbers differ so much that a logarithmic scale is better.

    Args:
        numbers: The numbers to show.
        factor: The ratio of the largest to the smallest from which on the scale is logarithmic.

    Example:
        >>> is_wide([1.0, 100.0]), is_wide([0.0, 100.0]), is_wide([])
        (True, False, False)
    """
    found = list(numbers)
    return bool(found) and min(found) > 0 and max(found) > factor * min(found)


def spell_tick(number: float) -> str:
    """Format the number of a tick.

    Example:
        >>> [spell_tick(number) for number in (0.0, 0.05, 2.5, 12000.0, 1e-06, 2e6)]
        ['0', '0.05', '2.5', '12,000', '1e-06', '2e+06']
    """
    if number and not 1e-4 <= abs(number) < 1e6:
        return f"{number:g}"
    return f"{number:,.6g}"


def _round_step(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor for factor in (1, 2, 5, 10) if factor * power >= step * (1 - 1e-9)) * power
