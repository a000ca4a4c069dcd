"""Which noise rounds a pixel to which color: an interval for each, as the noise walks a line."""

from dataclasses import dataclass
from itertools import permutations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ditherlab.models.rounding import Rounding

Bounds = Float[Tensor, "k h w"]
Rivals = Int[Tensor, "k h w"]

# Colors that lie side by side as seen along the line never take turns on it; of two that are
# equally near, as red and green are to a gray, the first of the palette is taken.
_SIDE_BY_SIDE = 1e-6

# In amplitudes; stands for infinity, of which autograd would make NaN.
_FAR = 1e6


@dataclass(frozen=True)
class Intervals:
    """For which `e` the nearest color of `places + shift + e * amplitude` is which.

    The squared distances to two colors `k` and `j` differ by a linear function of `e`, so each
    color is nearest on one interval, from where it overtakes its last rival below to where its
    first rival above overtakes it; empty if `low >= high`.

    Attributes:
        low: Where each color's interval begins; far below 0 for the first.
        high: Where it ends; far above 0 for the last.
        low_rivals: The color that it overtakes at `low`; itself for none.
        high_rivals: The color that overtakes it at `high`; itself for none.
        differences: `C_k - C_j`, `[k k c]`.
        shift: Where this holds, in steps a channel.
        amplitude: Likewise.
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
        """Find the intervals of one picture."""
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
            color: Whose interval it is.
            rival: Another color.
            behind: How much farther the color is at `e = 0`, in squared steps.
            gain: How much of that it catches up with each unit of `e`.
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

        `de = -(d shift + e d amplitude) . (C_k - C_j) / (amplitude . (C_k - C_j))`; true for the
        values at which the intervals were found, and near them.
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
