"""The choice between the compiled kernels and torch for the work of a stage."""

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from ditherlab.discrete.allowed_colors import AllowedColors
from ditherlab.discrete.direct_binary_search import Polisher
from ditherlab.discrete.polish_search import PolishSearch
from ditherlab.discrete.tile_search import TilePolisher
from ditherlab.kernels import kernels_for
from ditherlab.kernels.work import KernelWork
from ditherlab.protocol import Cost
from ditherlab.stages.stage import Bound, StageContext
from ditherlab.types import Colors

# Planes that a run holds with the kernels, as measured on 4 megapixels and rounded up: pictures in
# sRGB and in the channels of the cost, weights, masks, indices. Weights of tiles come on top.
COMPILED_PLANES, COMPILED_PLANES_PER_CHANNEL = 5.0, 3.0


def kernel_work(context: StageContext, cost: Cost) -> KernelWork | None:
    """Return how the kernels work on a cost; None if torch does it.

    Args:
        context: Of the stage; its device decides.
        cost: Of one picture or several.
    """
    library = kernels_for(context.device)
    forms = cost.quadratic_forms
    if library is None or not forms or not all(form.can_be_compiled for form in forms):
        return None
    return KernelWork(library, context.num_threads, context.cache_bytes)


@dataclass(frozen=True)
class PolishStart:
    """The picture that a polish begins with, its palette, and its cost.

    Attributes:
        bound: Quadratic cost and target of one picture.
        indices: The picture.
        palette: Display sRGB, `[1 k c]`.
        generator: Orders the moves.
    """

    bound: Bound
    indices: Int[Tensor, "h w"]
    palette: Colors
    generator: torch.Generator

    def search(
        self,
        work: KernelWork | None,
        *,
        swaps: bool = True,
        allowed: AllowedColors | None = None,
    ) -> PolishSearch:
        """Return the search that polishes: compiled, or in torch."""
        cost, target = self.bound.cost, self.bound.target
        begin = (cost, target, self.indices, self.palette, self.generator)
        if work is None:
            return Polisher(*begin, swaps=swaps, allowed=allowed)
        return TilePolisher(*begin, work=work, swaps=swaps, allowed=allowed)
