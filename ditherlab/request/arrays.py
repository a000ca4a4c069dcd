"""Arrays and tensors as pictures."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ditherlab.errors import PictureError
from ditherlab.images import Picture, ReadingOptions
from ditherlab.images.alpha import with_alpha

if TYPE_CHECKING:
    from torch import Tensor

_CHANNELS = (1, 3, 4)

# Resampling in floats ends a little outside of the range.
_SLACK = 1e-4

Levels = npt.NDArray[np.uint8]


def array_to_pictures(array: npt.NDArray[Any], reading: ReadingOptions) -> tuple[Picture, ...]:
    """Convert an array `[h w]`, `[h w c]` or `[n h w c]` with 1, 3 or 4 channels.

    Args:
        array: Display sRGB: uint8, or floats from 0 to 1.
        reading: Choices about alpha.

    Raises:
        PictureError: For another shape, type or range; the message says how to convert it.
    """
    _check_no_levels(reading)
    shape, where = array.shape, f"an array of shape {list(array.shape)}"
    is_last = 3 <= array.ndim <= 4 and shape[-1] in _CHANNELS
    if not (array.ndim == 2 or is_last):
        raise PictureError(
            "An array must be of shape [h w], [h w c] or, for several pictures, [n h w c], with 1, "
            f"3 or 4 channels, got {where}.{_axes_hint(shape, 'array.transpose')}"
        )
    levels = _to_levels(array, where, "array")
    pictures = levels[np.newaxis] if levels.ndim < 4 else levels
    return tuple(_to_picture(picture, reading) for picture in pictures)


def tensor_to_pictures(tensor: "Tensor", reading: ReadingOptions) -> tuple[Picture, ...]:
    """Convert a tensor `[h w]`, `[c h w]` or `[n c h w]` with 1, 3 or 4 channels, of any device.

    Args:
        tensor: Display sRGB: floats from 0 to 1, or uint8.
        reading: Choices about alpha.

    Raises:
        PictureError: For another shape, type or range, or if it requires a gradient; the message
            says how to convert it.
    """
    _check_no_levels(reading)
    shape, where = tuple(tensor.shape), f"a tensor of shape {list(tensor.shape)}"
    if tensor.requires_grad:
        raise PictureError(
            f"A tensor must not require a gradient, got {where} that does: no gradient leads from "
            "the indices of a dithered picture to its source. Give `tensor.detach()`."
        )
    is_first = 3 <= tensor.dim() <= 4 and shape[-3] in _CHANNELS
    if not (tensor.dim() == 2 or is_first):
        raise PictureError(
            "A tensor must be of shape [h w], [c h w] or, for several pictures, [n c h w], with 1, "
            f"3 or 4 channels, got {where}.{_axes_hint(shape, 'tensor.permute')}"
        )
    held = tensor.float() if tensor.is_floating_point() else tensor
    levels = _to_levels(held.cpu().resolve_conj().numpy(), where, "tensor")
    if levels.ndim == 2:
        return (_to_picture(levels, reading),)
    pictures = levels[np.newaxis] if levels.ndim == 3 else levels
    return tuple(_to_picture(picture.transpose(1, 2, 0), reading) for picture in pictures)


def _to_levels(values: npt.NDArray[Any], where: str, name: str) -> Levels:
    """Return 8 bits a channel; refuse any other range than that of the type."""
    if values.size == 0:
        raise PictureError(f"A picture must have at least one pixel, got {where}.")
    if values.dtype == np.uint8:
        return values
    if values.dtype.kind != "f":
        raise PictureError(
            f"A picture must be uint8, or floats from 0 to 1, got {where} of "
            f"{values.dtype}.{_type_hint(values, name)}"
        )
    low, high = float(values.min()), float(values.max())
    if not np.isfinite(low + high):
        raise PictureError(
            f"A picture must be finite, got {where} with NaN or infinite values. Replace them, as "
            f"by `{_nan_call(name)}`."
        )
    if low < -_SLACK or high > 1 + _SLACK:
        is_byte = low >= 0 and 2 <= high <= 255
        hint = f"Divide it by 255: `{name} / 255`." if is_byte else f"Use `{name}.clip(0, 1)`."
        raise PictureError(
            f"A picture of floats must have values from 0 to 1, got {where} with values from "
            f"{low:g} to {high:g}. {hint}"
        )
    return (values.clip(0, 1) * 255).round().astype(np.uint8)


def _type_hint(values: npt.NDArray[Any], name: str) -> str:
    to_uint8: Callable[[str], str] = (
        (lambda text: f"({text}).astype('uint8')")
        if name == "array"
        else (lambda text: f"({text}).byte()")
    )
    if values.dtype == np.bool_:
        return f" Use `{to_uint8(f'{name} * 255')}`."
    if values.dtype == np.uint16:
        return f" Use `{name} / 65535` if its white is 65535."
    if values.dtype.kind in "iu" and values.min() >= 0 and values.max() <= 255:
        return f" Its values are from 0 to 255: use `{to_uint8(name)}`.".replace(f"({name})", name)
    return ""


def _nan_call(name: str) -> str:
    return "numpy.nan_to_num(array)" if name == "array" else "tensor.nan_to_num()"


def _axes_hint(shape: tuple[int, ...], call: str) -> str:
    """Return how the axes are brought into order, if channels are where they can be told."""
    num_axes, is_array = len(shape), call.startswith("array")
    if num_axes not in (3, 4) or shape[-3 if is_array else -1] not in _CHANNELS:
        return ""
    own = {(3, True): "1, 2, 0", (4, True): "0, 2, 3, 1"}
    own |= {(3, False): "2, 0, 1", (4, False): "0, 3, 1, 2"}
    place = "last" if is_array else "first"
    return f" Put the channels {place}: `{call}({own[num_axes, is_array]})`."


def _to_picture(levels: Levels, reading: ReadingOptions) -> Picture:
    """Make a picture of levels `[h w]` or `[h w c]`."""
    channels = levels[..., np.newaxis] if levels.ndim == 2 else levels
    alpha = channels[..., 3].copy() if channels.shape[2] == 4 else None
    pixels = np.repeat(channels, 3, axis=2) if channels.shape[2] == 1 else channels[..., :3].copy()
    return with_alpha(pixels, alpha, reading.alpha, reading.background)


def _check_no_levels(reading: ReadingOptions) -> None:
    if reading.levels is not None:
        raise PictureError(
            "`--levels` is for picture files with more than 8 bits, got an array or a tensor. "
            "Scale it to floats from 0 to 1."
        )
