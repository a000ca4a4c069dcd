"""SSIM and PSNR of two pictures, over opaque pixels only."""

import math

import torch

from ditherlab.types import Images, Mask
from ditherlab.vision.filtering import filter_valid, gaussian_taps

_TAPS = gaussian_taps(1.5)
_WINDOW_PX = len(_TAPS)
_MARGIN_PX = _WINDOW_PX // 2
_C1, _C2 = 0.01**2, 0.03**2

MAX_PSNR_DB = 100.0
"""The PSNR reported for equal pictures, whose true PSNR is infinite; JSON has no infinity."""


def ssim(reference: Images, picture: Images, opaque: Mask) -> float | None:
    """Return the mean SSIM over valid windows around opaque pixels, and over the channels.

    Gaussian window of sigma 1.5 (11 taps), data range 1, without sample covariance.

    Args:
        reference: One picture in [0, 1].
        picture: The picture to compare with it, of the same shape.
        opaque: Pixels that count.

    Returns:
        At most 1, higher is better; None if no window fits or counts.

    Source: Zhou Wang et al., "Image Quality Assessment: From Error Visibility to Structural
    Similarity", IEEE TIP 2004, eq. 13.
    """
    if min(reference.shape[-2:]) < _WINDOW_PX:
        return None
    inner = (..., slice(_MARGIN_PX, -_MARGIN_PX), slice(_MARGIN_PX, -_MARGIN_PX))
    similarities = _similarity_map(reference, torch.where(opaque, picture, reference))
    counted = similarities[opaque[inner].expand_as(similarities)]
    return float(counted.mean()) if counted.numel() else None


def _similarity_map(one: Images, other: Images) -> Images:
    """Return the SSIM of every valid window and channel."""
    mean_one, mean_other = filter_valid(one, _TAPS), filter_valid(other, _TAPS)
    product = mean_one * mean_other
    squares = mean_one.square() + mean_other.square()
    covariance = filter_valid(one * other, _TAPS) - product
    variances = filter_valid(one.square() + other.square(), _TAPS) - squares
    luminance = (2 * product + _C1) / (squares + _C1)
    return luminance * (2 * covariance + _C2) / (variances + _C2)


def psnr(reference: Images, picture: Images, opaque: Mask) -> float | None:
    """Return the peak signal-to-noise ratio in dB over opaque pixels, at most `MAX_PSNR_DB`.

    Returns:
        Higher is better; None if no pixel counts.
    """
    error = (picture - reference).square()[opaque.expand_as(reference)]
    if error.numel() == 0:
        return None
    mean = float(error.mean())
    return min(MAX_PSNR_DB, -10 * math.log10(mean)) if mean > 0 else MAX_PSNR_DB
