"""The exact gradient of costs whose expectation is known in closed form, without draws."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from ditherlab.estimators.expansion import differentiate_expectation, moment_table
from ditherlab.protocol import Ability, ColorCosts, Cost, Estimate, Estimator, Noise, mix_moments
from ditherlab.protocol.categorical import Categorical


@dataclass(frozen=True)
class Moments(Estimator):
    """Differentiate the expected cost as a function of the moments of every pixel's color.

    `E f(X) = F(m)` with `m_i = sum_k p_ik T_k`, `T` the table of each color's moments; so
    `Q_ik = <dF/dm_i, T_k>` and the palette's gradient goes through `T`. Deterministic, and without
    bias if the objective's expectation is exact. Costs one evaluation with one backward pass.

    Order 2 uses the objective's expectation, exact or of second order. Order 0 prices the expected
    statistics instead, and ignores the variance. Order 1 would add a term whose mean is zero.

    Attributes:
        order: 0 or 2.
    """

    noise: ClassVar[Noise] = "none"
    gives_color_costs: ClassVar[bool] = True

    order: Literal[0, 2] = 2

    @property
    def is_unbiased(self) -> bool:
        return self.order == 2

    @property
    def needs(self) -> frozenset[Ability]:
        return frozenset({"expectation" if self.order == 2 else "statistics"})

    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        return model.probs.new_empty(0)

    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        is_second_order = self.order == 2
        with torch.enable_grad():
            palette = model.palette.detach().requires_grad_()
            table = moment_table(cost, palette, is_second_order=is_second_order)
        moments = mix_moments(table.detach(), model.probs)
        value, field = differentiate_expectation(cost, moments, is_second_order=is_second_order)
        grad_palette = None
        if model.learns_palette:
            grad_table = field.flatten(2) @ model.probs.flatten(2).mT
            (grad_palette,) = torch.autograd.grad(table, palette, grad_table)
        return Estimate(
            value=value,
            grad_palette=grad_palette,
            num_evaluations=1,
            num_backward_passes=1,
            color_costs=ColorCosts(table.detach(), field),
            probs=model.probs,
            value_is_unbiased=is_second_order and cost.is_expectation_exact,
        ), None
