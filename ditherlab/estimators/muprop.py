"""MuProp: the cost linearized at the expected picture, as a control variate."""

from dataclasses import dataclass

from ditherlab.protocol import Cost
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import CostMap, DrawCosts, DrawnImages, Images, Logits


@dataclass(frozen=True)
class MeanFieldExpansion:
    """`c(X) = f(E X) + <df/dX at E X, X - E X>`: its expected gradient is known in closed form.

    Subtracting it from the samples and adding the gradient of its expectation keeps the mean, and
    removes the variance of the part that is linear in the pixels. It helps little if the cost of
    the mean picture is unrelated to the costs of drawn pictures.

    Source: Shixiang Gu et al., "MuProp: Unbiased Backpropagation for Stochastic Neural Networks",
    ICLR 2016, eq. 5.

    Attributes:
        mean: The expected picture.
        costs: Its cost.
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
        mean = model.mix(model.probs)
        costs, (slope,) = cost.price_with_gradient(mean.unsqueeze(0))
        return cls(mean, costs, slope, model.along_colors(slope))

    def linear_map(self, images: DrawnImages) -> CostMap:
        """Price drawn pictures by the linear term, pixel by pixel; its mean is zero."""
        return (self.slope * (images - self.mean)).sum(dim=2)
