"""The expected cost as a function of the pixels' moments, and its slope there."""

import torch

from ditherlab.protocol import Cost
from ditherlab.types import Colors, MomentTable, PictureCosts
from ditherlab.types import Moments as MomentFields


def moment_table(cost: Cost, palette: Colors, *, is_second_order: bool) -> MomentTable:
    """Return the moments of each color that the expected cost depends on."""
    return cost.expected_color_moments(palette) if is_second_order else cost.color_moments(palette)


def differentiate_expectation(
    cost: Cost, moments: MomentFields, *, is_second_order: bool
) -> tuple[PictureCosts, MomentFields]:
    """Price the moments of every pixel and differentiate: one backward pass.

    Args:
        cost: Offers `expectation`, or `statistics`.
        moments: The moments of distributions, or of drawn pixels, which have no variance.
        is_second_order: True for the objective's expectation (exact, or of second order), False for
            the cost of the expected statistics, which ignores the variance.
    """
    if is_second_order:
        return cost.expected_with_field(moments)
    with torch.enable_grad():
        leaves = moments.detach().requires_grad_()
        statistics = cost.statistics(leaves.unsqueeze(0))
        value = cost.map_from_statistics(statistics)[0].sum(dim=(1, 2))
        (field,) = torch.autograd.grad(value.sum(), leaves)
    return value.detach(), field
