"""Local expectation: prices every color of every pixel, with the other pixels drawn."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from ditherlab.estimators.expansion import differentiate_expectation, moment_table
from ditherlab.estimators.hard_prices import HardPrices
from ditherlab.estimators.parameters import check_num_samples
from ditherlab.estimators.replacements import (
    Replacing,
    abilities_for,
    all_color_changes,
    count_backward_passes,
    count_maps,
    num_planes,
)
from ditherlab.protocol import Ability, ColorCosts, Cost, Estimate, Estimator
from ditherlab.protocol.categorical import Categorical

Order = Literal["exact", 1, 2]


@dataclass(frozen=True)
class LocalExpectation(Estimator):
    """`Q_ik = mean_n f(x_n with x_i = k)`: a sum over the colors of the pixel, not a draw.

    Order `exact` prices every alternative color: it is unbiased, and prices `num_samples * k`
    pictures per window. Orders `1` and `2` expand the cost of each window in its statistics around
    the draw, with one backward pass per draw. They are biased if the cost has higher-order terms.
    Order 2 needs the objective's expectation, and is exact if that is.

    Source: Michalis Titsias and Miguel Lázaro-Gredilla, "Local Expectation Gradients for Black Box
    Variational Inference", NeurIPS 2015, eq. 9; the same as Lennert De Smet et al., "Differentiable
    Sampling of Categorical Distributions Using the CatLog-Derivative Trick", NeurIPS 2023
    (IndeCateR).

    Attributes:
        num_samples: Pictures to draw per step.
        order: `exact`, or the order of the expansion.
        pricing: The method of `exact`: `closed` updates the windows' statistics, `phases` prices
            whole pictures.
    """

    gives_color_costs: ClassVar[bool] = True
    replaces_pixels: ClassVar[bool] = True

    num_samples: int = 1
    order: Order = "exact"
    pricing: Replacing = "closed"

    def __post_init__(self) -> None:
        check_num_samples(self, self.num_samples)

    @property
    def is_unbiased(self) -> bool:
        return self.order == "exact"

    def num_extra_planes(self, num_colors: int, num_channels: int) -> float:
        return num_planes(num_colors, num_channels) if self.order == "exact" else 0.0

    @property
    def needs(self) -> frozenset[Ability]:
        if self.order == "exact":
            return abilities_for(self.pricing)
        return frozenset({"value", "expectation" if self.order == 2 else "statistics"})

    def for_categories(self) -> Estimator:
        return replace(self, pricing="phases") if self.order == "exact" else self

    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        return model.draw_indices(self.num_samples, generator)

    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        priced = HardPrices.of(draws, model, cost)
        num_evaluations, num_backward_passes = self.num_samples, priced.num_backward_passes
        if self.order == "exact":
            changes = all_color_changes(draws, model, cost, self.pricing).mean(dim=0)
            identity = torch.eye(changes.shape[1], dtype=changes.dtype, device=changes.device)
            color_costs = ColorCosts(identity.expand(len(changes), -1, -1), changes)
            num_replacing = self.num_samples * model.probs.shape[1]
            num_evaluations += count_maps(num_replacing, draws, cost, self.pricing)
            num_backward_passes += count_backward_passes(draws, cost, self.pricing)
        else:
            color_costs = self._expand(draws, model, cost)
            num_backward_passes += self.num_samples
        return Estimate(
            value=priced.costs.mean(dim=0),
            grad_palette=priced.grad_palette,
            num_evaluations=num_evaluations,
            num_backward_passes=num_backward_passes,
            color_costs=color_costs,
            probs=model.probs,
        ), None

    def _expand(self, draws: Tensor, model: Categorical, cost: Cost) -> ColorCosts:
        """Expand the cost around each draw, as a distribution whose pixels have no variance."""
        is_second_order = self.order == 2
        table = moment_table(cost, model.palette, is_second_order=is_second_order)
        drawn = Categorical(model.probs, table.mT).images(draws)
        fields = [
            differentiate_expectation(cost, moments, is_second_order=is_second_order)[1]
            for moments in drawn
        ]
        return ColorCosts(table, torch.stack(fields).mean(dim=0))
