"""Compiled error diffusion."""

import ctypes

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from ditherlab.kernels.color_limits import ColorLimits
from ditherlab.kernels.library import Library
from ditherlab.kernels.quadratic_form import QuadraticForm, pointer_to


def diffuse_error_compiled(
    library: Library,
    form: QuadraticForm,
    table: Float[Tensor, "c k"],
    *,
    shifts: Float[Tensor, "2 h w"] | None = None,
    noise: Float[Tensor, "c h w"] | None = None,
    limits: ColorLimits | None = None,
) -> UInt8[Tensor, "h w"]:
    """Choose the nearest color at each pixel, and distribute the error to its neighbors.

    Args:
        library: The compiled kernels.
        form: Gives the target, the opaque pixels, and the weights of squared errors.
        table: The palette in the channels of the cost.
        shifts: How the parts of an error vary, as in `discrete.error_diffusion`; None for not.
        noise: Added to each value when its color is chosen, and not to its error; None for nothing.
        limits: Colors that pixels may take; extra prices have no effect.
    """
    limits = limits or ColorLimits()
    held = [
        None if each is None else each.contiguous()
        for each in (table, limits.allowed, limits.group_of, shifts, noise)
    ]
    planes = _PlanesStructure(*(pointer_to(plane) for plane in held[3:]))
    indices = torch.empty(form.opaque.shape, dtype=torch.uint8)
    library.functions.ditherlab_diffuse_error(
        ctypes.byref(form.structure),
        pointer_to(held[0]),
        table.shape[1],
        pointer_to(held[1]),
        1 if limits.allowed is None else len(limits.allowed),
        pointer_to(held[2]),
        ctypes.byref(planes),
        pointer_to(indices),
    )
    return indices


class _PlanesStructure(ctypes.Structure):
    _fields_ = (
        ("shifts", ctypes.c_void_p),
        ("noise", ctypes.c_void_p),
    )
