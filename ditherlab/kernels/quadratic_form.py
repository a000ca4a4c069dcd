"""A quadratic cost of one picture, as the compiled kernels take it."""

import ctypes
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

# Tiles are at least 96 pixels wide if there are several, and two of one phase are a tile apart:
# what one of them changes must be farther from the other than two radii.
_MOST_RADIUS_PX = 40


@dataclass(frozen=True, eq=False)
class FormLayer:
    """One term `scale * sum_j weights_j (taps * e_channel)_j^2`.

    Attributes:
        channel: Index of the channel.
        taps: Weights of the filter along each axis: symmetric, an odd number; borders are mirrored.
        weights: Of each window; layers may share them.
        scale: A factor of any sign.
        stride: Only every so many rows and columns have windows, from half of it; the weights of
            all others are 0.
    """

    channel: int
    taps: tuple[float, ...]
    weights: Float[Tensor, "h w"]
    scale: float = 1.0
    stride: int = 1


@dataclass(frozen=True, eq=False)
class QuadraticForm:
    """The cost `f(X)`: layers and a linear part of `e = X - values`, 0 at pixels not opaque.

    Attributes:
        values: The target in the channels of the cost; 1 or 3 channels, float32 on the CPU.
        opaque: Pixels that count.
        layers: The terms, at least one.
        mixing: From linear light to the channels of the cost.
        linear: The cost of a unit of `e` at each pixel; None for nothing.
    """

    values: Float[Tensor, "c h w"]
    opaque: Bool[Tensor, "h w"]
    layers: tuple[FormLayer, ...]
    mixing: Float[Tensor, "c r"]
    linear: Float[Tensor, "c h w"] | None = None
    _held: list[Any] = field(default_factory=list, init=False, repr=False)

    @property
    def can_be_compiled(self) -> bool:
        """Return whether the kernels take it: wider filters would reach beyond the next tile."""
        is_narrow = all(len(layer.taps) // 2 <= _MOST_RADIUS_PX for layer in self.layers)
        return is_narrow and len(self.values) in (1, 3) and self.values.dtype == torch.float32

    @cached_property
    def structure(self) -> "FormStructure":
        """The C structure; it is valid as long as this form lives."""
        layers = (_LayerStructure * len(self.layers))()
        for number, layer in enumerate(self.layers):
            taps = np.array(layer.taps, dtype=np.float32)
            weights = layer.weights.contiguous()
            self._held.extend((taps, weights))
            layers[number] = _LayerStructure(
                layer.channel,
                len(taps) // 2,
                layer.stride,
                layer.scale,
                taps.ctypes.data,
                weights.data_ptr(),
            )
        values = self.values.contiguous()
        opaque = None if bool(self.opaque.all()) else self.opaque.contiguous()
        linear = None if self.linear is None else self.linear.contiguous()
        structure = FormStructure(
            *self.values.shape[1:],
            len(values),
            len(layers),
            ctypes.addressof(layers),
            values.data_ptr(),
            None if opaque is None else opaque.data_ptr(),
            None if linear is None else linear.data_ptr(),
        )
        self._held.extend((layers, values, opaque, linear, structure))
        return structure


class _LayerStructure(ctypes.Structure):
    _fields_ = (
        ("channel", ctypes.c_int32),
        ("radius", ctypes.c_int32),
        ("stride", ctypes.c_int32),
        ("scale", ctypes.c_float),
        ("taps", ctypes.c_void_p),
        ("weights", ctypes.c_void_p),
    )


class FormStructure(ctypes.Structure):
    """The C structure `Form`."""

    _fields_ = (
        ("height", ctypes.c_int32),
        ("width", ctypes.c_int32),
        ("num_channels", ctypes.c_int32),
        ("num_layers", ctypes.c_int32),
        ("layers", ctypes.c_void_p),
        ("values", ctypes.c_void_p),
        ("opaque", ctypes.c_void_p),
        ("linear", ctypes.c_void_p),
    )


def pointer_to(tensor: Tensor | None) -> ctypes.c_void_p:
    """Return a pointer to the numbers of a contiguous tensor on the CPU; null for None."""
    return ctypes.c_void_p(None if tensor is None else tensor.data_ptr())
