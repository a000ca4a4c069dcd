"""The compiled search for the nearest of some points."""

import ctypes

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from ditherlab.kernels.library import Library
from ditherlab.kernels.quadratic_form import pointer_to


def find_nearest(
    library: Library, points: Float[Tensor, "n 3"], centers: Float[Tensor, "k 3"]
) -> Int64[Tensor, "n"]:
    """Return the number of the center nearest to each point; the first of equally near ones."""
    held, table = points.contiguous(), centers.T.contiguous()
    nearest = torch.empty(len(held), dtype=torch.int64)
    library.functions.ditherlab_find_nearest(
        pointer_to(held),
        ctypes.c_int64(len(held)),
        pointer_to(table),
        len(centers),
        pointer_to(nearest),
    )
    return nearest
