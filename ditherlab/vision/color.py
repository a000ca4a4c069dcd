"""Conversions between display sRGB, linear light, XYZ, OKLab, CIELAB and opponent channels.

All functions take any float tensor, are differentiable and work on every device. The argument
`dim` names the axis of the channels.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ditherlab.vision.colorimetry import (
    ENCODED_KNEE,
    LAB_KNEE,
    LINEAR_KNEE,
    LINEAR_TO_LMS,
    LINEAR_TO_XYZ,
    LMS_TO_OKLAB,
    LUMINANCE_WEIGHTS,
)


def srgb_to_levels(srgb: Tensor) -> npt.NDArray[np.uint8]:
    """Return 8-bit levels of three channels; one channel stands for three equal ones."""
    levels = (srgb.expand(*srgb.shape[:-1], 3) * 255).round().to(torch.uint8)
    return np.ascontiguousarray(levels.cpu().numpy())


def srgb_to_linear(srgb: Tensor) -> Tensor:
    """Decode display sRGB in [0, 1] to linear light in [0, 1].

    Source: IEC 61966-2-1:1999, section 5.2.

    Example:
        >>> srgb_to_linear(torch.tensor([0.0, 0.5, 1.0]))
        tensor([0.0000, 0.2140, 1.0000])
    """
    curve = ((srgb.clamp_min(ENCODED_KNEE) + 0.055) / 1.055) ** 2.4
    return torch.where(srgb <= ENCODED_KNEE, srgb / 12.92, curve)


def linear_to_srgb(linear: Tensor) -> Tensor:
    """Encode linear light in [0, 1] as display sRGB in [0, 1].

    Source: IEC 61966-2-1:1999, section 5.2.

    Example:
        >>> linear_to_srgb(torch.tensor([0.0, 0.214041, 1.0]))
        tensor([0.0000, 0.5000, 1.0000])
    """
    curve = 1.055 * linear.clamp_min(LINEAR_KNEE) ** (1 / 2.4) - 0.055
    return torch.where(linear <= LINEAR_KNEE, linear * 12.92, curve)


def srgb_encoding_slope(linear: Tensor, *, darkest: float) -> Tensor:
    """Return the slope d sRGB / d linear of the encoding, at `linear` of at least `darkest`.

    The slope measures how visible a small change of linear light is. Near black it grows, although
    a display's reflections hide such changes there; `darkest` limits it.
    """
    lifted = linear.clamp_min(max(darkest, LINEAR_KNEE))
    return 1.055 / 2.4 * lifted ** (1 / 2.4 - 1)


def luminance(linear: Tensor, dim: int) -> Tensor:
    """Return the luminance Y of linear RGB; the axis `dim` of length 3 becomes one of length 1.

    Example:
        >>> luminance(torch.tensor([1.0, 1.0, 1.0]), dim=0)
        tensor([1.])
    """
    return _mix(linear, (LUMINANCE_WEIGHTS,), dim)


def srgb_to_gray(srgb: Tensor, dim: int) -> Tensor:
    """Return the sRGB gray of the same luminance; the axis `dim` of length 3 becomes length 1."""
    return linear_to_srgb(luminance(srgb_to_linear(srgb), dim))


def srgb_to_oklab(srgb: Tensor, dim: int) -> Tensor:
    """Convert display sRGB to OKLab along the axis `dim` of length 3.

    Source: Björn Ottosson, "A perceptual color space for image processing", 2020.

    Example:
        >>> srgb_to_oklab(torch.tensor([1.0, 1.0, 1.0]), dim=0).round(decimals=3).abs()
        tensor([1., 0., 0.])
    """
    lms = _mix(srgb_to_linear(srgb), LINEAR_TO_LMS, dim)
    return _mix(lms.clamp_min(0) ** (1 / 3), LMS_TO_OKLAB, dim)


def linear_to_xyz(linear: Tensor, dim: int) -> Tensor:
    """Convert linear RGB to CIE XYZ relative to white, along the axis `dim` of length 3.

    Source: IEC 61966-2-1:1999, section 5.2.
    """
    return _mix(linear, LINEAR_TO_XYZ, dim)


def xyz_to_linear(xyz: Tensor, dim: int) -> Tensor:
    """Convert CIE XYZ relative to white to linear RGB, along the axis `dim` of length 3."""
    back = torch.linalg.inv(torch.tensor(LINEAR_TO_XYZ, dtype=torch.float64, device="cpu"))
    return _mix(xyz, tuple(tuple(row) for row in back.tolist()), dim)


def lab_response(xyz: Tensor) -> Tensor:
    """Return CIELAB's cube root of XYZ relative to white, linear near and below zero.

    Source: ISO/CIE 11664-4:2019, "Colorimetry - Part 4: CIE 1976 L*a*b* colour space".
    """
    line = xyz / (3 * LAB_KNEE**2) + 4 / 29
    return torch.where(xyz > LAB_KNEE**3, xyz.clamp_min(LAB_KNEE**3) ** (1 / 3), line)


def srgb_to_lab(srgb: Tensor, dim: int) -> Tensor:
    """Convert display sRGB to CIELAB with sRGB's white, along the axis `dim` of length 3.

    Source: ISO/CIE 11664-4:2019, "Colorimetry - Part 4: CIE 1976 L*a*b* colour space".

    Example:
        >>> srgb_to_lab(torch.tensor([1.0, 1.0, 1.0]), dim=0).round(decimals=3).abs()
        tensor([100.,   0.,   0.])
    """
    x, y, z = lab_response(linear_to_xyz(srgb_to_linear(srgb), dim)).unbind(dim)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim)


def lab_to_srgb(lab: Tensor, dim: int) -> Tensor:
    """Convert CIELAB with sRGB's white to display sRGB, clamped to [0, 1].

    Example:
        >>> lab_to_srgb(torch.tensor([100.0, 0.0, 0.0]), dim=0).round(decimals=3)
        tensor([1., 1., 1.])
    """
    lightness, a, b = lab.unbind(dim)
    y = (lightness + 16) / 116
    roots = torch.stack([y + a / 500, y, y - b / 200], dim)
    line = (roots - 4 / 29) * (3 * LAB_KNEE**2)
    xyz = torch.where(roots > LAB_KNEE, roots**3, line)
    return linear_to_srgb(xyz_to_linear(xyz, dim).clamp(0, 1))


def linear_to_opponent(num_channels: int) -> Tensor:
    """Return the matrix `[c, r]` from linear RGB to Y, X - Y and Y - Z; white maps to 1, 0, 0.

    The channels are lightness, red against green, and yellow against blue, as in CIELAB before its
    cube root. With one channel, the matrix is the identity.

    Source: CIE 15:2004, "Colorimetry", section 8.2.1; IEC 61966-2-1:1999 for the primaries.

    Example:
        >>> white = linear_to_opponent(3) @ torch.ones(3)
        >>> white.round(decimals=3).abs()
        tensor([1., 0., 0.])
    """
    if num_channels == 1:
        return torch.ones((1, 1))
    x, y, z = torch.tensor(LINEAR_TO_XYZ)
    return torch.stack((y, x - y, y - z))


def lightness_slope(luminance: Tensor, *, darkest: float) -> Tensor:
    """Return d L* / d Y of CIELAB's lightness, over 100, at a luminance of at least `darkest`.

    Source: CIE 15:2004, "Colorimetry", section 8.2.1.
    """
    return 1.16 / 3 * luminance.clamp_min(max(darkest, LAB_KNEE**3)) ** (-2 / 3)


def mix_channels(channels: Tensor, matrix: Tensor, dim: int) -> Tensor:
    """Multiply the axis `dim` by a matrix `[new, old]`."""
    mixed: Tensor = torch.tensordot(channels, matrix.to(channels), dims=([dim], [1]))
    return mixed.movedim(-1, dim)


def _mix(channels: Tensor, matrix: tuple[tuple[float, ...], ...], dim: int) -> Tensor:
    return mix_channels(channels, torch.tensor(matrix, dtype=channels.dtype), dim)
