"""Hard draws and their prices: what all score-function estimators share."""

from dataclasses import dataclass

from ditherlab.categorical import Categorical
from ditherlab.protocol import Cost, Estimate
from ditherlab.types import DrawCosts, DrawnImages, Indices


@dataclass(frozen=True)
class PricedDraws:
    """Drawn pictures with what each of them costs.

    Attributes:
        indices: The draws.
        costs: Their costs.
        grad_images: The gradient of each cost in its pixels, where the palette is learned.
    """

    indices: Indices
    costs: DrawCosts
    grad_images: DrawnImages | None

    def estimate(self, model: Categorical, weights: DrawCosts) -> Estimate:
        """Weigh the score of each draw, and add the palette term `E[grad f]`.

        Args:
            model: What was drawn from.
            weights: What each draw's score counts; already divided by the number of draws.
        """
        num_samples = len(self.indices)
        per_pixel = weights[:, :, None, None].expand(self.indices.shape)
        grad_palette = None
        if self.grad_images is not None:
            total = model.gather_palette_gradient(self.indices, self.grad_images)
            grad_palette = total / num_samples
        return Estimate(
            value=self.costs.mean(dim=0),
            grad_palette=grad_palette,
            num_evaluations=num_samples,
            num_backward_passes=0 if self.grad_images is None else num_samples,
            logit_gradient=model.weigh_scores(self.indices, per_pixel),
        )


def price_draws(indices: Indices, model: Categorical, cost: Cost) -> PricedDraws:
    """Price drawn pictures, with gradients in the pixels where the palette is to be learned."""
    images = model.images(indices)
    if model.learns_palette and "gradient" in cost.abilities:
        return PricedDraws(indices, *cost.price_with_gradient(images))
    return PricedDraws(indices, cost.cost(images), None)
