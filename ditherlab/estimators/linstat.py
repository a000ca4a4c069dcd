"""LinStat: the cost of each window, linearized in its statistics, as a control variate."""

from dataclasses import dataclass

import torch

from ditherlab.protocol import ColorCosts, Cost, mix_moments
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import CostMap, Moments, MomentTable, Statistics


@dataclass(frozen=True)
class LinearizedCost:
    """`c_w(X) = <J_w, S_w(X) - E S_w>` with `J_w` the slope of window `w`'s cost at `E S_w`.

    The statistics `S_w` (means of x, x^2, x y) are linear in the one-hots of the pixels, so their
    means are exact, `c_w` has mean zero, and its expectation has a closed-form gradient.
    Subtracting it from the samples and adding the gradient of its expectation keeps the mean, and
    removes the variance of the linear part.

    Attributes:
        slopes: `J`, for the statistics of every window.
        means: `E S`.
        color_costs: The expected linearized cost of each color at each pixel.
    """

    slopes: Statistics
    means: Statistics
    color_costs: ColorCosts

    @classmethod
    def around(cls, model: Categorical, cost: Cost, table: MomentTable) -> "LinearizedCost":
        """Linearize at the exact mean statistics: one backward pass."""
        with torch.enable_grad():
            moments: Moments = mix_moments(table, model.probs).requires_grad_()
            statistics = cost.statistics(moments.unsqueeze(0))
            (slopes,) = torch.autograd.grad(cost.map_from_statistics(statistics).sum(), statistics)
            (field,) = torch.autograd.grad(statistics, moments, slopes)
        return cls(slopes, statistics.detach(), ColorCosts(table, field))

    def cost_map(self, statistics: Statistics) -> CostMap:
        """Price the windows of drawn pictures by the linearized cost, whose mean is zero."""
        return (self.slopes * (statistics - self.means)).sum(dim=2)
