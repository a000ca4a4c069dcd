"""Costs of hard pictures, with the palette's term of the gradient, `E[grad f]`."""

from dataclasses import dataclass

from ditherlab.protocol import Cost, Estimate
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import Colors, DrawCosts, Indices, Logits


@dataclass(frozen=True)
class HardPrices:
    """The costs of drawn pictures, differentiated if the palette is learned.

    Attributes:
        costs: The cost of each draw.
        grad_palette: The weighted gradient of the costs for the palette; None if the palette is
            fixed or the cost has no gradient.
        num_backward_passes: Number of backward passes for it.
    """

    costs: DrawCosts
    grad_palette: Colors | None
    num_backward_passes: int

    @classmethod
    def of(
        cls, indices: Indices, model: Categorical, cost: Cost, shares: DrawCosts | None = None
    ) -> "HardPrices":
        """Price drawn pictures.

        Args:
            indices: The draws.
            model: The distribution of the draws.
            cost: The cost to minimize.
            shares: The weight of each draw; None for equal weights.
        """
        images = model.images(indices)
        if not model.learns_palette or "gradient" not in cost.abilities:
            return cls(cost.price_draws(images, shares), None, 0)
        costs, grad_images = cost.differentiate_draws(images, shares)
        if shares is None:
            grad_images /= len(indices)
        else:
            grad_images *= shares[:, :, None, None, None]
        return cls(costs, model.gather_palette_gradient(indices, grad_images), len(indices))

    def estimate(
        self, logit_gradient: Logits, num_evaluations: int, num_backward_passes: int = 0
    ) -> Estimate:
        """Make an estimate with a gradient for the logits.

        Args:
            logit_gradient: The gradient.
            num_evaluations: Of everything.
            num_backward_passes: Beside those of the draws.
        """
        return Estimate(
            value=self.costs.mean(dim=0),
            grad_palette=self.grad_palette,
            num_evaluations=num_evaluations,
            num_backward_passes=self.num_backward_passes + num_backward_passes,
            logit_gradient=logit_gradient,
        )
