"""The palette's term of the gradient, `E[grad f]`: the same for all that price hard pictures."""

from ditherlab.categorical import Categorical
from ditherlab.protocol import Cost
from ditherlab.types import Colors, Indices


def estimate_palette_gradient(
    indices: Indices, model: Categorical, cost: Cost
) -> tuple[Colors | None, int]:
    """Differentiate the mean cost of drawn pictures in the colors that they show.

    Args:
        indices: Independent draws.
        model: What was drawn from.
        cost: What is minimized.

    Returns:
        The gradient, and the number of backward passes; None and 0 where the palette is fixed or
        the cost has no gradient.
    """
    if not model.learns_palette or "gradient" not in cost.abilities:
        return None, 0
    _, grad_images = cost.price_with_gradient(model.images(indices))
    total = model.gather_palette_gradient(indices, grad_images)
    return total / len(indices), len(indices)
