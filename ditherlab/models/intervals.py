"""Which noise rounds a pixel to which color: an interval for each, as the noise walks a line."""

from dataclasses import dataclass

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
            moved = rounding.places[0] + shift.view(-1, 1, 1)
            distances = torch.stack(
                [(moved - color.view(-1, 1, 1)).square().sum(dim=0) for color in colors]
            )
            differences = colors.unsqueeze(1) - colors.unsqueeze(0)
            gains = 2 * differences @ amplitude
            low, high = (
                torch.full_like(distances, -_FAR),
                torch.full_like(distances, _FAR),
            )
            own = torch.arange(len(colors), device=colors.device).view(-1, 1, 1)
            low_rivals, high_rivals = (own.expand_as(distances).clone() for _ in range(2))
            for color, row in enumerate(gains.tolist()):
                for rival, gain in enumerate(row):
                    if rival == color:
                        continue
                    behind = distances[color] - distances[rival]
                    if abs(gain) < _SIDE_BY_SIDE:
                        is_hidden = behind >= 0 if rival < color else behind > 0
                        low[color].masked_fill_(is_hidden, _FAR)
                        continue
                    crossing = behind / gain
                    if gain > 0:
                        low_rivals[color].masked_fill_(crossing > low[color], rival)
                        torch.maximum(low[color], crossing, out=low[color])
                    else:
                        high_rivals[color].masked_fill_(crossing < high[color], rival)
                        torch.minimum(high[color], crossing, out=high[color])
            return cls(
                low,
                high,
                low_rivals,
                high_rivals,
                differences,
                shift.detach().clone(),
                amplitude.detach().clone(),
            )

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
