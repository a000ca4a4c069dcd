"""An estimate of the cost and its gradient from one step."""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ditherlab.errors import AbilityError
from ditherlab.types import Colors, Logits, Moments, MomentTable, PictureCosts, Probs


@dataclass(frozen=True)
class ColorCosts:
    """The expected cost `Q_ik = E[f | x_i = k]` of every color at every pixel, as a product.

    `Q = table^T field` up to a constant per pixel, which does not affect the choice of colors. The
    factors take `m` numbers per pixel instead of `k`; `dense` and `at` multiply them.
    """

    table: MomentTable
    field: Moments

    def dense(self) -> Probs:
        """Return `Q` for every color and pixel."""
        return torch.einsum("bmk,bmhw->bkhw", self.table, self.field)

    def at(self, positions: Int[Tensor, "n"]) -> Float[Tensor, "b k n"]:
        """Return `Q` at flattened pixel positions only."""
        field = self.field.flatten(2).index_select(2, positions)
        return torch.stack([rows @ flat for rows, flat in zip(self.table.mT, field, strict=True)])


@dataclass(frozen=True)
class Estimate:
    """The result of an estimator in one step.

    Attributes:
        value: The mean cost of *hard* drawn pictures, or the expectation.
        grad_palette: The gradient for the palette; None if the palette is not learned.
        num_evaluations: Number of pictures that were priced.
        num_backward_passes: Number of priced pictures that were also differentiated.
        logit_gradient: The gradient for the logits, if it was estimated directly.
        color_costs: The exact or estimated `Q`, if the estimator computes it.
        probs: The probabilities at which `color_costs` were computed.
        value_is_unbiased: True if `value` is the exact expectation, or the price of fresh draws;
            False if it is an approximation, or the price of draws that stay the same at each step.
    """

    value: PictureCosts
    grad_palette: Colors | None
    num_evaluations: int
    num_backward_passes: int
    logit_gradient: Logits | None = None
    color_costs: ColorCosts | None = None
    probs: Probs | None = None
    value_is_unbiased: bool = True

    @cached_property
    def grad_logits(self) -> Logits:
        """The gradient for the logits; `p_ik (Q_ik - sum_j p_ij Q_ij)` if `Q` is known."""
        if self.logit_gradient is not None:
            return self.logit_gradient
        if self.color_costs is None or self.probs is None:
            raise AbilityError("This estimate holds no gradient for the logits.")
        return apply_softmax_jacobian(self.probs, self.color_costs.dense())


def apply_softmax_jacobian(probs: Probs, gradient: Probs) -> Logits:
    """Convert a gradient for probabilities to one for logits: `p * (g - <p, g>)`."""
    centered = gradient - (probs * gradient).sum(dim=1, keepdim=True)
    return centered.mul_(probs)
