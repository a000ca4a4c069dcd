"""SSIM and PSNR of two pictures, over opaque pixels only."""

import math

import torch
from torchmetrics.functional.image import structural_similarity_index_measure

from ditherlab.types import Images, Mask

_SIGMA_PX = 1.5
_WINDOW_PX = 11

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
    if min(reference.shape[-2:]) < _WINDOW_PX:
        return None
    margin = _WINDOW_PX // 2
    inside = opaque[..., margin:-margin, margin:-margin].expand(-1, reference.shape[1], -1, -1)
    if not bool(inside.any()):
        return None
    result = structural_similarity_index_measure(
        torch.where(opaque, picture, reference),
        reference,
        sigma=_SIGMA_PX,
        data_range=1.0,
        return_full_image=True,
    )
    valid = result[1][..., margin:-margin, margin:-margin]
    return float(valid[inside].mean())


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
