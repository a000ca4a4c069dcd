"""Compiled filters and comparisons for the metrics."""

import ctypes

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ditherlab.kernels.library import Library
from ditherlab.kernels.quadratic_form import pointer_to


def compare_rows(
    library: Library,
    one: Float[Tensor, "1 c h w"],
    other: Float[Tensor, "1 c h w"],
    opaque: Bool[Tensor, "1 1 h w"],
    *,
    rows: range,
    taps: tuple[float, ...],
) -> tuple[float, int, float, int]:
    """Compare rows of two pictures, with windows whose centers lie in them.

    Args:
        library: The compiled kernels.
        one: A picture in [0, 1].
        other: The picture to compare with it.
        opaque: Pixels that count.
        rows: Rows of the pictures; windows reach beyond them.
        taps: Of the window along each axis.

    Returns:
        The sum of the SSIM of windows and their number, over all channels; the sum of squared
        differences and the number of values.
    """
    held = [each.contiguous() for each in (one, other, opaque)]
    weights = np.array(taps, dtype=np.float32)
    result = _SimilarityStructure()
    library.functions.ditherlab_compare_rows(
        *(pointer_to(each) for each in held),
        *one.shape[1:],
        rows.start,
        rows.stop,
        ctypes.c_void_p(weights.ctypes.data),
        len(taps) // 2,
        ctypes.byref(result),
    )
    return result.window_sum, result.num_windows, result.square_sum, result.num_values


def filter_mirrored(
    library: Library, planes: Float[Tensor, "*b h w"], taps: tuple[float, ...]
) -> Float[Tensor, "*b h w"]:
    """Filter the last two axes with symmetric taps; borders are mirrored (d c b a | a b c d)."""
    held, weights = planes.contiguous(), np.array(taps, dtype=np.float32)
    filtered = torch.empty(planes.shape)
    height, width = planes.shape[-2:]
    library.functions.ditherlab_filter_planes(
        pointer_to(held),
        pointer_to(filtered),
        ctypes.c_int64(planes.numel() // (height * width)),
        height,
        width,
        ctypes.c_void_p(weights.ctypes.data),
        len(taps) // 2,
    )
    return filtered


class _SimilarityStructure(ctypes.Structure):
    _fields_ = (
        ("window_sum", ctypes.c_double),
        ("num_windows", ctypes.c_int64),
        ("square_sum", ctypes.c_double),
        ("num_values", ctypes.c_int64),
    )
