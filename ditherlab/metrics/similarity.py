"""SSIM and PSNR of two pictures, over opaque pixels only."""

import math

import torch
from torch import Tensor
from torchmetrics.functional.image import structural_similarity_index_measure

from ditherlab.types import Images, Mask

_SIGMA_PX = 1.5
_WINDOW_PX = 11
_MARGIN_PX = _WINDOW_PX // 2
_BAND_PX = 1 << 18

MAX_PSNR_DB = 100.0
"""What equal pictures get: their PSNR is infinite, and JSON has no number for that."""


def ssim(reference: Images, picture: Images, opaque: Mask) -> float | None:
    """Return the mean SSIM over valid windows around opaque pixels, and over the channels.

    Gaussian window of sigma 1.5 (11 taps), data range 1, without sample covariance.

    Args:
        reference: One picture in [0, 1].
        picture: What is compared with it, of the same shape.
        opaque: Which pixels count.

    Returns:
        At most 1, higher is better; None if no window fits or counts.

    Source: Zhou Wang et al., "Image Quality Assessment: From Error Visibility to Structural
    Similarity", IEEE TIP 2004, eq. 13.
    """
    height, width = reference.shape[-2:]
    if min(height, width) < _WINDOW_PX:
        return None
    # Band by band: torchmetrics takes two hundred numbers a pixel.
    num_rows = max(1, _BAND_PX // width)
    bands = [
        _band_similarity(reference, picture, opaque, slice(top, top + num_rows + 2 * _MARGIN_PX))
        for top in range(0, height - 2 * _MARGIN_PX, num_rows)
    ]
    similarities = torch.cat(bands)
    return float(similarities.mean()) if similarities.numel() else None


def _band_similarity(reference: Images, picture: Images, opaque: Mask, rows: slice) -> Tensor:
    """Return the SSIM of the valid windows around opaque pixels of a band of rows."""
    reference, picture, opaque = (part[:, :, rows] for part in (reference, picture, opaque))
    inner = (..., slice(_MARGIN_PX, -_MARGIN_PX), slice(_MARGIN_PX, -_MARGIN_PX))
    inside = opaque[inner].expand(-1, reference.shape[1], -1, -1)
    if not bool(inside.any()):
        return reference.new_empty(0)
    result = structural_similarity_index_measure(
        torch.where(opaque, picture, reference),
        reference,
        sigma=_SIGMA_PX,
        data_range=1.0,
        return_full_image=True,
    )
    full = result[1]
    # A picture-wide map, or the valid part of it, as the release pleases.
    valid = full[inner] if full.shape[-2:] == reference.shape[-2:] else full
    return valid[inside]


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
