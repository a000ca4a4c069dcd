"""Intervals of the noise for which a pixel is rounded to each color, along a line of noise."""

from dataclasses import dataclass
from itertools import permutations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ditherlab.models.rounding import Rounding

Bounds = Float[Tensor, "k h w"]
Rivals = Int[Tensor, "k h w"]

# If two colors are side by side as seen along the line, one is nearer everywhere on it. If both are
# equally near, as red and green are to a gray, the first one of the palette is taken.
_SIDE_BY_SIDE = 1e-6

# In amplitudes; used in place of infinity, for which autograd would return NaN.
_FAR = 1e6


@dataclass(frozen=True)
class Intervals:
    """The interval of `e` on which each color is nearest to `places + shift + e * amplitude`.

    The squared distances to two colors `k` and `j` differ by a linear function of `e`, so each
    color is nearest on one interval. The interval starts where the color becomes nearer than the
    last rival below, and ends where the first rival above becomes nearer; it is empty if
    `low >= high`.

    Attributes:
        low: The start of each color's interval; far below 0 for the first color.
        high: The end of each color's interval; far above 0 for the last color.
        low_rivals: The rival that is equally near at `low`; the color itself if there is none.
        high_rivals: The rival that is equally near at `high`; the color itself if there is none.
        differences: `C_k - C_j`, `[k k c]`.
        shift: The shift at which the intervals were computed, in steps per channel.
        amplitude: The amplitude at which they were computed, in steps per channel.
    """

    low: Bounds
    high: Bounds
    low_rivals: Rivals
    high_rivals: Rivals
    differences: Float[Tensor, "k k c"]
    shift: Float[Tensor, "c"]
    amplitude: Float[Tensor, "c"]

    @classmethod
    def of(
        cls, rounding: Rounding, shift: Float[Tensor, "c"], amplitude: Float[Tensor, "c"]
    ) -> "Intervals":
        """Compute the intervals of one picture."""
        with torch.no_grad():
            colors = rounding.colors[0]
            distances = rounding.distances(shift.view(-1, 1, 1))
            differences = colors.unsqueeze(1) - colors.unsqueeze(0)
            own = torch.arange(len(colors), device=colors.device).view(-1, 1, 1)
            found = cls(
                torch.full_like(distances, -_FAR),
                torch.full_like(distances, _FAR),
                own.expand_as(distances).clone(),
                own.expand_as(distances).clone(),
                differences,
                shift.detach().clone(),
                amplitude.detach().clone(),
            )
            gains = (2 * differences @ amplitude).tolist()
            for color, rival in permutations(range(len(colors)), 2):
                behind = distances[color] - distances[rival]
                found._compete(color, rival, behind, gains[color][rival])
            return found

    def _compete(self, color: int, rival: int, behind: Float[Tensor, "h w"], gain: float) -> None:
        """Cut the interval of a color where a rival is nearer.

        Args:
            color: The color of the interval.
            rival: Another color.
            behind: Squared distance of the color minus that of the rival at `e = 0`, in squared
                steps.
            gain: Decrease of this difference for each unit of `e`.
        """
        low, high = self.low[color], self.high[color]
        if abs(gain) < _SIDE_BY_SIDE:
            low.masked_fill_(behind >= 0 if rival < color else behind > 0, _FAR)
        elif gain > 0:
            crossing = behind / gain
            self.low_rivals[color].masked_fill_(crossing > low, rival)
            torch.maximum(low, crossing, out=low)
        else:
            crossing = behind / gain
            self.high_rivals[color].masked_fill_(crossing < high, rival)
            torch.minimum(high, crossing, out=high)

    def moved(
        self, shift: Float[Tensor, "c"], amplitude: Float[Tensor, "c"]
    ) -> tuple[Bounds, Bounds]:
        """Return `low` and `high`, differentiable in the shift and the amplitude.

        `de = -(d shift + e d amplitude) . (C_k - C_j) / (amplitude . (C_k - C_j))`, valid at and
        near the shift and amplitude at which the intervals were computed.
        """
        pushes = self.differences @ (shift - self.shift)
        gains, gains_before = self.differences @ amplitude, self.differences @ self.amplitude
        own = torch.arange(len(pushes), device=pushes.device).view(-1, 1, 1)
        bounds = []
        for bound, rivals in ((self.low, self.low_rivals), (self.high, self.high_rivals)):
            is_crossing = rivals != own
            gain = gains[own, rivals].where(is_crossing, torch.ones_like(bound))
            crossing = (bound * gains_before[own, rivals] - pushes[own, rivals]) / gain
            bounds.append(crossing.where(is_crossing, bound))
        return bounds[0], bounds[1]
