"""The compiled sums of the palette equations."""

import ctypes

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor

from ditherlab.kernels.library import Library
from ditherlab.kernels.mean_field import CompiledMeanField
from ditherlab.kernels.quadratic_form import QuadraticForm, pointer_to

Sums = tuple[Float[Tensor, "c k k"], Float[Tensor, "c k"]]


def sum_for_indices(
    library: Library,
    form: QuadraticForm,
    indices: UInt8[Tensor, "h w"],
    num_colors: int,
    num_threads: int = 1,
) -> Sums:
    """Return the quadratic form and the linear part of the cost in each channel of the colors."""
    held = indices.contiguous()
    choice = _ChoiceStructure(num_colors, None, held.data_ptr(), None)
    return _sum(library, form, choice, num_threads)


def sum_for_probs(library: Library, field: CompiledMeanField, num_threads: int = 1) -> Sums:
    """Return the same sums of the expected cost for probabilities."""
    choice = _ChoiceStructure(
        len(field.probs), field.probs.data_ptr(), None, field.variance_weights_address
    )
    return _sum(library, field.form, choice, num_threads)


def count_colors(
    library: Library, form: QuadraticForm, indices: UInt8[Tensor, "h w"], num_colors: int
) -> Int64[Tensor, "k"]:
    """Return the number of opaque pixels of each color."""
    held, counts = indices.contiguous(), torch.zeros(256, dtype=torch.int64)
    library.functions.ditherlab_count_colors(
        ctypes.byref(form.structure), pointer_to(held), pointer_to(counts)
    )
    return counts[:num_colors]


def _sum(
    library: Library, form: QuadraticForm, choice: "_ChoiceStructure", num_threads: int
) -> Sums:
    channels, colors = len(form.values), choice.num_colors
    matrix = torch.zeros((channels, colors, colors), dtype=torch.float64)
    right = torch.zeros((channels, colors), dtype=torch.float64)
    library.functions.ditherlab_add_palette_equations(
        ctypes.byref(form.structure),
        ctypes.byref(choice),
        num_threads,
        pointer_to(matrix),
        pointer_to(right),
    )
    return matrix, right


class _ChoiceStructure(ctypes.Structure):
    _fields_ = (
        ("num_colors", ctypes.c_int32),
        ("probs", ctypes.c_void_p),
        ("indices", ctypes.c_void_p),
        ("variance_weights", ctypes.c_void_p),
    )
