"""SSIM and PSNR of two pictures, over opaque pixels only, summed band by band."""

import math
from dataclasses import dataclass

import torch

from ditherlab.kernels import kernels_for, measures
from ditherlab.types import Images, Mask
from ditherlab.vision.filtering import gaussian_taps
from ditherlab.vision.structural_similarity import structural_similarity

_TAPS = gaussian_taps(1.5)

WINDOW_MARGIN_PX = len(_TAPS) // 2
"""Pixels between the center and the side of a window of SSIM."""

MAX_PSNR_DB = 100.0
"""The PSNR reported for equal pictures, whose true PSNR is infinite; JSON has no infinity."""


@dataclass(frozen=True)
class SimilaritySum:
    """Sums from which the mean SSIM and the PSNR of two pictures follow.

    SSIM has a Gaussian window of sigma 1.5 (11 taps), data range 1, without sample covariance. Of
    the valid windows, those around opaque pixels count, in all channels.
    """

    windows: float = 0.0
    num_windows: int = 0
    squares: float = 0.0
    num_values: int = 0

    def __add__(self, other: "SimilaritySum") -> "SimilaritySum":
        return SimilaritySum(
            self.windows + other.windows,
            self.num_windows + other.num_windows,
            self.squares + other.squares,
            self.num_values + other.num_values,
        )

    @property
    def ssim(self) -> float | None:
        """The mean SSIM: at most 1, higher is better; None if no window fits or counts."""
        return self.windows / self.num_windows if self.num_windows else None

    @property
    def psnr(self) -> float | None:
        """The peak signal-to-noise ratio in dB, at most `MAX_PSNR_DB`; None if no pixel counts."""
        if not self.num_values:
            return None
        mean = self.squares / self.num_values
        return min(MAX_PSNR_DB, -10 * math.log10(mean)) if mean > 0 else MAX_PSNR_DB


def compare(reference: Images, picture: Images, opaque: Mask) -> SimilaritySum:
    """Compare two whole pictures, as `compare_rows` does."""
    return compare_rows(reference, picture, opaque, range(reference.shape[-2]))


def compare_rows(reference: Images, picture: Images, opaque: Mask, rows: range) -> SimilaritySum:
    """Compare some rows of a band, around which it has what their windows reach.

    Args:
        reference: One picture in [0, 1].
        picture: The picture to compare with it, of the same shape.
        opaque: Pixels that count.
        rows: The rows of the band to compare.
    """
    library = kernels_for(reference.device)
    if library is None or reference.dtype != torch.float32:
        return sum_in_torch(reference, picture, opaque, rows)
    sums = measures.compare_rows(library, reference, picture, opaque, rows=rows, taps=_TAPS)
    return SimilaritySum(*sums)


def sum_in_torch(reference: Images, picture: Images, opaque: Mask, rows: range) -> SimilaritySum:
    """Return the sums in torch, the reference of the compiled ones."""
    kept = slice(rows.start, rows.stop)
    counted = opaque[..., kept, :].expand_as(reference[..., kept, :])
    errors = (picture - reference)[..., kept, :].square()[counted]
    squares = (float(errors.sum(dtype=torch.float64)), errors.numel())
    margin = WINDOW_MARGIN_PX
    first, last = max(rows.start, margin), min(rows.stop, reference.shape[-2] - margin)
    if first >= last or reference.shape[-1] <= 2 * margin:
        return SimilaritySum(0.0, 0, *squares)
    seen = (..., slice(first - margin, last + margin), slice(None))
    similarities = structural_similarity(reference[seen], picture[seen], _TAPS)
    centers = opaque[..., first:last, margin:-margin].expand_as(similarities)
    windows = similarities[centers]
    return SimilaritySum(float(windows.sum(dtype=torch.float64)), windows.numel(), *squares)
