"""The exact gradient of costs whose expectation is known in closed form: no draws at all."""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from ditherlab.categorical import Categorical
from ditherlab.errors import RequestError
from ditherlab.protocol import Ability, ColorCosts, Cost, Estimate, Estimator, Noise, mix_moments
from ditherlab.types import Colors, MomentTable, PictureCosts
from ditherlab.types import Moments as MomentFields


@dataclass(frozen=True)
class Moments(Estimator):
    """Differentiate the expected cost as a function of the moments of every pixel's color.

    `E f(X) = F(m)` with `m_i = sum_k p_ik T_k`, `T` the table of each color's moments; so
    `Q_ik = <dF/dm_i, T_k>` and the palette's gradient goes through `T`. Deterministic, without bias
    where the objective's expectation is exact. Costs one evaluation with one backward pass.

    Order 2 takes the objective's expectation, exact or of second order. Order 0 prices the expected
    statistics instead, as if pictures had no spread. Order 1 would add a term whose mean is zero.

    Attributes:
        order: 0 or 2.
    """

    noise: ClassVar[Noise] = "none"
    is_unbiased: ClassVar[bool] = True
    gives_color_costs: ClassVar[bool] = True

    order: int = 2

    def __post_init__(self) -> None:
        if self.order not in (0, 2):
            raise RequestError(f"`moments(order=...)` must be 0 or 2, got {self.order}.")

    @property
    def needs(self) -> frozenset[Ability]:
        return frozenset({"expectation" if self.order == 2 else "statistics"})

    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        return model.probs.new_empty(0)

    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        with torch.enable_grad():
            palette = model.palette.detach().requires_grad_()
            table = self._table(cost, palette)
            moments = mix_moments(table.detach(), model.probs).requires_grad_()
            value = self._expect(cost, moments)
            (field,) = torch.autograd.grad(value.sum(), moments)
        grad_palette = None
        if model.learns_palette:
            grad_table = field.flatten(2) @ model.probs.flatten(2).mT
            (grad_palette,) = torch.autograd.grad(table, palette, grad_table)
        return Estimate(
            value=value.detach(),
            grad_palette=grad_palette,
            num_evaluations=1,
            num_backward_passes=1,
            color_costs=ColorCosts(table.detach(), field),
            probs=model.probs,
        ), None

    def _table(self, cost: Cost, palette: Colors) -> MomentTable:
        if self.order == 2:
            return cost.expected_color_moments(palette)
        return cost.color_moments(palette)

    def _expect(self, cost: Cost, moments: MomentFields) -> PictureCosts:
        if self.order == 2:
            return cost.expected_from_moments(moments)
        statistics = cost.statistics(moments.unsqueeze(0))
        return cost.map_from_statistics(statistics)[0].sum(dim=(1, 2))
