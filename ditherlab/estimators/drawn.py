"""Hard draws and their prices: what all score-function estimators share."""

from dataclasses import dataclass
from typing import Literal

from ditherlab.categorical import Categorical
from ditherlab.estimators.credit import Credit, PixelCosts, credit_pixels
from ditherlab.estimators.linstat import LinearizedCost
from ditherlab.protocol import Ability, Cost, Estimate, apply_softmax_jacobian
from ditherlab.types import CostMap, DrawCosts, DrawnImages, Indices, Logits

Control = Literal["none", "linstat"]
"""`linstat`: subtract the cost linearized in the windows' statistics, add its exact gradient."""


@dataclass(frozen=True)
class PricedDraws:
    """Drawn pictures with what each of them costs.

    Attributes:
        indices: The draws.
        costs: Their costs.
        pixel_costs: What each pixel answers for, after the control variate; only differences
            between draws matter.
        control_gradient: The exact gradient of what the control variate took away.
        grad_images: The gradient of each cost in its pixels, where the palette is learned.
        num_backward_passes: Spent so far.
    """

    indices: Indices
    costs: DrawCosts
    pixel_costs: PixelCosts
    control_gradient: Logits | None
    grad_images: DrawnImages | None
    num_backward_passes: int

    def estimate(self, model: Categorical, weights: PixelCosts) -> Estimate:
        """Weigh the score of each draw, and add the palette term `E[grad f]`.

        Args:
            model: What was drawn from.
            weights: What each draw's score counts at each pixel; already divided by the number of
                draws.
        """
        num_samples = len(self.indices)
        gradient = model.weigh_scores(self.indices, weights)
        if self.control_gradient is not None:
            gradient += self.control_gradient
        grad_palette = None
        if self.grad_images is not None:
            total = model.gather_palette_gradient(self.indices, self.grad_images)
            grad_palette = total / num_samples
        return Estimate(
            value=self.costs.mean(dim=0),
            grad_palette=grad_palette,
            num_evaluations=num_samples,
            num_backward_passes=self.num_backward_passes,
            logit_gradient=gradient,
        )


@dataclass(frozen=True)
class Pricing:
    """How draws are priced for a score function.

    Attributes:
        credit: Which part of the cost a pixel answers for.
        control: The control variate.
    """

    credit: Credit
    control: Control

    @property
    def needs(self) -> frozenset[Ability]:
        """What the objective has to offer."""
        needs: set[Ability] = {"value"}
        if self.credit == "local":
            needs.add("local")
        if self.control == "linstat":
            needs.add("statistics")
        return frozenset(needs)

    def price(self, indices: Indices, model: Categorical, cost: Cost) -> PricedDraws:
        """Price drawn pictures, with gradients in the pixels where the palette is to be learned."""
        images = model.images(indices)
        control_gradient, grad_images = None, None
        num_backward_passes = 0
        if self.control == "linstat":
            table = cost.color_moments(model.palette)
            linearized = LinearizedCost.around(model, cost, table)
            statistics = cost.statistics(Categorical(model.probs, table.mT).images(indices))
            cost_map = cost.map_from_statistics(statistics)
            costs = cost_map.sum(dim=(2, 3))
            pixel_costs = self._credit(cost_map - linearized.cost_map(statistics), cost)
            control_gradient = apply_softmax_jacobian(model.probs, linearized.color_costs.dense())
            num_backward_passes = 1
        elif self.credit == "local":
            cost_map = cost.cost_map(images)
            costs = cost_map.sum(dim=(2, 3))
            pixel_costs = self._credit(cost_map, cost)
        else:
            costs = cost.cost(images)
            pixel_costs = costs[:, :, None, None].expand(indices.shape)
        if model.learns_palette and "gradient" in cost.abilities:
            _, grad_images = cost.price_with_gradient(images)
            num_backward_passes += len(indices)
        return PricedDraws(
            indices, costs, pixel_costs, control_gradient, grad_images, num_backward_passes
        )

    def _credit(self, cost_map: CostMap, cost: Cost) -> PixelCosts:
        if self.credit == "local":
            return credit_pixels(cost_map, cost.footprint_px)
        total = cost_map.sum(dim=(2, 3), keepdim=True)
        return total.expand(cost_map.shape)
