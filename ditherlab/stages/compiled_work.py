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
from ditherlab.kernels.polish import WIDEST_TILE_PX, CompiledPolish
from ditherlab.kernels.work import KernelWork
from ditherlab.problem import Problem
from ditherlab.protocol import Cost, Target
from ditherlab.stages.stage import Bound, StageContext, StageMemory
from ditherlab.types import Colors

# Planes that a run holds with the kernels, as measured on 4 megapixels and rounded up: pictures in
# sRGB and in the channels of the cost, weights, masks, indices. Weights of tiles come on top.
_PLANES, _PLANES_PER_CHANNEL = 5.0, 3.0


def memory_of_kernels(problem: Problem) -> StageMemory:
    """Return the memory of a stage whose pixels move in the kernels, tiles apart."""
    return StageMemory(_PLANES + problem.num_channels * _PLANES_PER_CHANNEL)


def kernel_work(context: StageContext, cost: Cost, *, num_searches: int = 1) -> KernelWork | None:
    """Return how the kernels work on a cost; None if torch does it.

    Args:
        context: Of the stage; its device decides.
        cost: Of one picture or several.
        num_searches: Searches that share the memory at the same time.
    """
    library = kernels_for(context.device)
    if library is None or not _can_be_compiled(cost):
        return None
    return KernelWork(library, context.num_threads, context.cache_bytes // num_searches)


def compiled_tile_bytes(problem: Problem, device: torch.device | str) -> int | None:
    """Return the memory of the largest tile of a problem; None if torch does the work.

    The cost of a black picture tells how far windows reach, and how many planes a tile has.
    """
    library = kernels_for(device)
    if library is None or not problem.is_quadratic:
        return None
    size = (min(side, WIDEST_TILE_PX) for side in (problem.height, problem.width))
    images = torch.zeros((1, problem.num_channels, *size))
    opaque = torch.ones_like(images[:, :1], dtype=torch.bool)
    cost = problem.objective.bind(Target(images, opaque))
    if not _can_be_compiled(cost):
        return None
    indices = torch.zeros(images.shape[2:], dtype=torch.uint8)
    return CompiledPolish(library, cost.quadratic_forms[0], indices).tile_bytes


def _can_be_compiled(cost: Cost) -> bool:
    forms = cost.quadratic_forms
    return bool(forms) and all(form.can_be_compiled for form in forms)


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
