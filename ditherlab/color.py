"""Color spaces: display sRGB, linear light, OKLab; channels lie on the axis that is named.

All functions take any float tensor, are differentiable and work on every device.
"""

import torch
from torch import Tensor

_LINEAR_KNEE = 0.0031308
_ENCODED_KNEE = 0.04045

# Rows: the luminance Y of IEC 61966-2-1 (the second row of the sRGB to XYZ matrix).
LUMINANCE_WEIGHTS = (0.2126, 0.7152, 0.0722)

_LINEAR_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
# Below it, CIELAB's lightness is linear.
_LIGHTNESS_KNEE = (6 / 29) ** 3

_LINEAR_TO_LMS = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_LMS_TO_OKLAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)


def srgb_to_linear(srgb: Tensor) -> Tensor:
    """Decode display sRGB in [0, 1] to linear light in [0, 1].

    Source: IEC 61966-2-1:1999, section 5.2.

    Example:
        >>> srgb_to_linear(torch.tensor([0.0, 0.5, 1.0]))
        tensor([0.0000, 0.2140, 1.0000])
    """
    curve = ((srgb.clamp_min(_ENCODED_KNEE) + 0.055) / 1.055) ** 2.4
    return torch.where(srgb <= _ENCODED_KNEE, srgb / 12.92, curve)


def linear_to_srgb(linear: Tensor) -> Tensor:
    """Encode linear light in [0, 1] as display sRGB in [0, 1].

    Source: IEC 61966-2-1:1999, section 5.2.

    Example:
        >>> linear_to_srgb(torch.tensor([0.0, 0.214041, 1.0]))
        tensor([0.0000, 0.5000, 1.0000])
    """
    curve = 1.055 * linear.clamp_min(_LINEAR_KNEE) ** (1 / 2.4) - 0.055
    return torch.where(linear <= _LINEAR_KNEE, linear * 12.92, curve)


def srgb_encoding_slope(linear: Tensor, *, darkest: float) -> Tensor:
    """Return d sRGB / d linear of the encoding, at `linear` raised to at least `darkest`.

    The slope is how visible a small change of linear light is; it grows without use near black,
    where a display's own reflections hide it: hence the floor.
    """
    lifted = linear.clamp_min(max(darkest, _LINEAR_KNEE))
    return 1.055 / 2.4 * lifted ** (1 / 2.4 - 1)


def luminance(linear: Tensor, dim: int) -> Tensor:
    """Return the luminance Y of linear RGB; the axis `dim` of length 3 becomes one of length 1.

    Example:
        >>> luminance(torch.tensor([1.0, 1.0, 1.0]), dim=0)
        tensor([1.])
    """
    return _mix(linear, (LUMINANCE_WEIGHTS,), dim)


def srgb_to_gray(srgb: Tensor, dim: int) -> Tensor:
    """Return the sRGB gray of the same luminance; the axis `dim` of length 3 gets length 1."""
    return linear_to_srgb(luminance(srgb_to_linear(srgb), dim))


def srgb_to_oklab(srgb: Tensor, dim: int) -> Tensor:
    """Convert display sRGB to OKLab along the axis `dim` of length 3.

    Source: Björn Ottosson, "A perceptual color space for image processing", 2020.

    Example:
        >>> srgb_to_oklab(torch.tensor([1.0, 1.0, 1.0]), dim=0).round(decimals=3).abs()
        tensor([1., 0., 0.])
    """
    lms = _mix(srgb_to_linear(srgb), _LINEAR_TO_LMS, dim)
    return _mix(lms.clamp_min(0) ** (1 / 3), _LMS_TO_OKLAB, dim)


def linear_to_opponent(num_channels: int) -> Tensor:
    """Return the matrix `[c, r]` from linear RGB to Y, X - Y and Y - Z: of white, 1, 0, 0.

    Lightness, red against green, and yellow against blue, as CIELAB opposes them before its cube
    root; of a gray picture, luminance itself.

    Source: CIE 15:2004, "Colorimetry", section 8.2.1; IEC 61966-2-1:1999 for the primaries.

    Example:
        >>> white = linear_to_opponent(3) @ torch.ones(3)
        >>> white.round(decimals=3).abs()
        tensor([1., 0., 0.])
    """
    if num_channels == 1:
        return torch.ones((1, 1))
    x, y, z = torch.tensor(_LINEAR_TO_XYZ, dtype=torch.float64)
    rows = (y / y.sum(), x / x.sum() - y / y.sum(), y / y.sum() - z / z.sum())
    return torch.stack(rows).float()


def lightness_slope(luminance: Tensor, *, darkest: float) -> Tensor:
    """Return d L* / d Y over 100 of CIELAB's lightness, at a luminance of at least `darkest`.

    Source: CIE 15:2004, "Colorimetry", section 8.2.1.
    """
    return 1.16 / 3 * luminance.clamp_min(max(darkest, _LIGHTNESS_KNEE)) ** (-2 / 3)


def mix_channels(channels: Tensor, matrix: Tensor, dim: int) -> Tensor:
    """Multiply the axis `dim` by a matrix `[new, old]`."""
    mixed: Tensor = torch.tensordot(channels, matrix.to(channels), dims=([dim], [1]))
    return mixed.movedim(-1, dim)


def _mix(channels: Tensor, matrix: tuple[tuple[float, ...], ...], dim: int) -> Tensor:
    return mix_channels(channels, torch.tensor(matrix, dtype=channels.dtype), dim)
