"""Hard draws and their costs, shared by all score-function estimators."""

from dataclasses import dataclass
from typing import Literal

from jaxtyping import Shaped
from torch import Tensor

from ditherlab.estimators.credit import Credit, PixelCosts, credit_pixels
from ditherlab.estimators.hard_prices import HardPrices
from ditherlab.estimators.linstat import LinearizedCost
from ditherlab.estimators.muprop import MeanFieldExpansion
from ditherlab.protocol import Ability, Cost, Estimate, apply_softmax_jacobian
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import Colors, CostMap, DrawCosts, DrawnImages, Indices, Logits

Control = Literal["none", "linstat", "muprop"]
"""The control variate, which is subtracted from the samples while its exact gradient is added.

It is nothing, the cost linearized in the windows' statistics (`linstat`), or the cost linearized in
the pixels of the mean picture (`muprop`)."""


@dataclass(frozen=True)
class PricedDraws:
    """Drawn pictures with their costs.

    Attributes:
        indices: The draws.
        costs: Their costs.
        pixel_costs: The cost credited to each pixel, minus the control variate; only differences
            between draws matter.
        control_gradient: The exact gradient of the control variate's expectation.
        grad_palette: The gradient for the palette; None if the palette is fixed.
        num_evaluations: Number of pictures priced.
        num_backward_passes: Number of pictures differentiated.
    """

    indices: Indices
    costs: DrawCosts
    pixel_costs: PixelCosts
    control_gradient: Logits | None
    grad_palette: Colors | None
    num_evaluations: int
    num_backward_passes: int

    def estimate(self, model: Categorical, weights: PixelCosts) -> Estimate:
        """Make an estimate from weighted scores, with the palette term `E[grad f]`.

        Args:
            model: The distribution of the draws.
            weights: The weight of each draw's score at each pixel, already divided by the number of
                draws.
        """
        gradient = model.weigh_scores(self.indices, weights)
        if self.control_gradient is not None:
            gradient += self.control_gradient
        return self.estimate_with(gradient)

    def estimate_with(self, gradient: Logits) -> Estimate:
        """Make an estimate with a gradient for the logits."""
        return Estimate(
            value=self.costs.mean(dim=0),
            grad_palette=self.grad_palette,
            num_evaluations=self.num_evaluations,
            num_backward_passes=self.num_backward_passes,
            logit_gradient=gradient,
        )


@dataclass(frozen=True)
class Controlled:
    """The costs of draws after subtracting a control variate.

    Attributes:
        costs: The whole cost of each draw.
        pixel_costs: The cost credited to each pixel, minus the control variate.
        gradient: The exact gradient of the control variate's expectation; None without one.
        num_evaluations: Number of pictures priced for it, beside the draws.
    """

    costs: DrawCosts
    pixel_costs: PixelCosts
    gradient: Logits | None = None
    num_evaluations: int = 0


def spread(costs: DrawCosts, pixels: Shaped[Tensor, "s b h w"]) -> PixelCosts:
    """Credit every pixel with the whole cost of its picture."""
    return costs[:, :, None, None].expand(pixels.shape)


@dataclass(frozen=True)
class Pricing:
    """Pricing of draws for a score function.

    Attributes:
        credit: The part of the cost that is credited to a pixel.
        control: The control variate.
    """

    credit: Credit
    control: Control = "none"

    @property
    def needs(self) -> frozenset[Ability]:
        """The abilities that the objective must offer."""
        needs: set[Ability] = {"value"}
        if self.credit == "local":
            needs.add("local")
        if self.control == "linstat":
            needs.add("statistics")
        if self.control == "muprop":
            needs.add("gradient")
        return frozenset(needs)

    def num_extra_planes(self, num_channels: int) -> float:
        """Return the measured memory of the control variate, in numbers per pixel."""
        return 75.0 * num_channels if self.control == "linstat" else 0.0

    def price(self, indices: Indices, model: Categorical, cost: Cost) -> PricedDraws:
        """Price drawn pictures, with gradients in the pixels if the palette is learned."""
        hard: HardPrices | None = None
        if self.control == "linstat":
            controlled = self._control_by_linstat(indices, model, cost)
        elif self.credit == "local":
            priced = self.price_images(model.images(indices), cost)
            controlled = self._control(*priced, indices, model, cost)
        else:
            hard = HardPrices.of(indices, model, cost)
            pixel_costs = spread(hard.costs, indices)
            controlled = self._control(hard.costs, pixel_costs, indices, model, cost)
        if hard is None and model.learns_palette and "gradient" in cost.abilities:
            # The map of the cost has no gradient here, so the whole cost is priced again.
            hard = HardPrices.of(indices, model, cost)
        is_repriced = hard is not None and hard.costs is not controlled.costs
        return PricedDraws(
            indices,
            controlled.costs,
            controlled.pixel_costs,
            controlled.gradient,
            hard.grad_palette if hard else None,
            (1 + is_repriced) * len(indices) + controlled.num_evaluations,
            (hard.num_backward_passes if hard else 0) + (controlled.gradient is not None),
        )

    def _control(
        self,
        costs: DrawCosts,
        pixel_costs: PixelCosts,
        indices: Indices,
        model: Categorical,
        cost: Cost,
    ) -> Controlled:
        if self.control == "none":
            return Controlled(costs, pixel_costs)
        expansion = MeanFieldExpansion.around(model, cost)
        linear = self._credit(expansion.linear_map(model.images(indices)), cost)
        return Controlled(
            costs,
            pixel_costs - self._credit_of_mean(expansion, cost) - linear,
            apply_softmax_jacobian(model.probs, expansion.color_slopes),
            num_evaluations=1,
        )

    def _credit_of_mean(self, expansion: MeanFieldExpansion, cost: Cost) -> PixelCosts:
        if self.credit == "global":
            return expansion.costs[:, :, None, None]
        return self.price_images(expansion.mean.unsqueeze(0), cost)[1]

    def _control_by_linstat(self, indices: Indices, model: Categorical, cost: Cost) -> Controlled:
        table = cost.color_moments(model.palette)
        linearized = LinearizedCost.around(model, cost, table)
        statistics = cost.statistics(Categorical(model.probs, table.mT).images(indices))
        cost_map = cost.map_from_statistics(statistics)
        return Controlled(
            cost_map.sum(dim=(2, 3)),
            self._credit(cost_map - linearized.cost_map(statistics), cost),
            apply_softmax_jacobian(model.probs, linearized.color_costs.dense()),
            num_evaluations=1,
        )

    def price_images(self, images: DrawnImages, cost: Cost) -> tuple[DrawCosts, PixelCosts]:
        """Return the cost of each picture, and the cost credited to each of its pixels."""
        if self.credit == "local":
            cost_map = cost.cost_map(images)
            return cost_map.sum(dim=(2, 3)), credit_pixels(cost_map, cost.footprint_px)
        costs = cost.cost(images)
        return costs, spread(costs, images[:, :, 0])

    def _credit(self, cost_map: CostMap, cost: Cost) -> PixelCosts:
        if self.credit == "local":
            return credit_pixels(cost_map, cost.footprint_px)
        total = cost_map.sum(dim=(2, 3), keepdim=True)
        return total.expand(cost_map.shape)
