"""MuProp: the cost, linearized at the expected picture, as a control variate."""

from dataclasses import dataclass

import torch

from ditherlab.protocol import Cost
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import CostMap, DrawCosts, DrawnImages, Images, Logits


@dataclass(frozen=True)
class MeanFieldExpansion:
    """`c(X) = f(E X) + <df/dX at E X, X - E X>`: its expected gradient is known in closed form.

    Subtracted from the samples and added back in expectation, it keeps the mean and drops what is
    linear in the pixels; of little use where the cost of the mean picture says nothing about the
    cost of drawn ones.

    Source: Shixiang Gu et al., "MuProp: Unbiased Backpropagation for Stochastic Neural Networks",
    ICLR 2016, eq. 5.

    Attributes:
        mean: The expected picture.
        costs: What it costs.
        slope: The gradient of the cost there.
        color_slopes: `<slope, C_k>`, the slope along each color.
    """

    mean: Images
    costs: DrawCosts
    slope: Images
    color_slopes: Logits

    @classmethod
    def around(cls, model: Categorical, cost: Cost) -> "MeanFieldExpansion":
        """Expand at the expected picture: one backward pass."""
        mean = torch.einsum("bkc,bkhw->bchw", model.palette, model.probs)
        costs, (slope,) = cost.price_with_gradient(mean.unsqueeze(0))
        return cls(mean, costs, slope, torch.einsum("bkc,bchw->bkhw", model.palette, slope))

    def linear_map(self, images: DrawnImages) -> CostMap:
        """Price drawn pictures by the linear term, pixel by pixel; its mean is zero."""
        return (self.slope * (images - self.mean)).sum(dim=2)
