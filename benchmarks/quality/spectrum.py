"""The spectrum of a dithered flat gray: is its noise blue, and alike in all directions?

Source: Robert Ulichney, "Digital Halftoning", MIT Press 1987, chapter 3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

Pattern = NDArray[np.floating | np.integer]
"""A square of zeros and ones, `[n n]`."""
Floats = NDArray[np.float64]

FEWEST_SAMPLES = 10


class PatternError(ValueError):
    """Patterns without a spectrum; the message says why."""


@dataclass(frozen=True)
class RadialSpectrum:
    """A spectrum, averaged over annuli of one frequency sample's width.

    Attributes:
        share: Of the ones.
        frequencies: Of the annuli, cycles per pixel, up to 1/2.
        power: Mean power in the annuli; that of white noise of the same share is 1.
        anisotropy_db: Variance over squared mean in the annuli; NaN without power. Alike in all
            directions, it is minus ten times the decimal logarithm of the number of patterns.
        num_samples: Independent samples in the annuli.
    """

    share: float
    frequencies: Floats
    power: Floats
    anisotropy_db: Floats
    num_samples: NDArray[np.int64]

    @property
    def principal_frequency(self) -> float:
        """That of evenly spread dots: the square root of the rarer color's share."""
        return sqrt(min(self.share, 1 - self.share))

    @property
    def low_power(self) -> float:
        """Mean power below a quarter of the principal frequency, in parts of the mean power."""
        is_low = self.frequencies < self.principal_frequency / 4
        low = np.average(self.power[is_low], weights=self.num_samples[is_low])
        return float(low / np.average(self.power, weights=self.num_samples))

    @property
    def worst_anisotropy_db(self) -> float:
        """The largest anisotropy of an annulus with enough samples."""
        return float(np.nanmax(self.anisotropy_db[self._is_sampled]))

    @property
    def mean_anisotropy_db(self) -> float:
        """The mean anisotropy of the annuli with enough samples."""
        return float(np.nanmean(self.anisotropy_db[self._is_sampled]))

    @property
    def _is_sampled(self) -> NDArray[np.bool_]:
        return self.num_samples >= FEWEST_SAMPLES


def radial_spectrum(patterns: Sequence[Pattern]) -> RadialSpectrum:
    """Average the periodograms of patterns, and that over annuli.

    Source: Ulichney 1987, section 3.2; M. S. Bartlett, "Smoothing periodograms from time series
    with continuous spectra", Nature 1948.

    Args:
        patterns: Of zeros and ones, squares of one size; independent of one another.

    Raises:
        PatternError: If there are none, their shapes differ, or there is only one color.

    Example:
        >>> noise = np.random.default_rng(0).random((10, 64, 64)) < 0.5
        >>> spectrum = radial_spectrum(list(noise.astype(int)))
        >>> round(spectrum.low_power), round(spectrum.mean_anisotropy_db)
        (1, -10)
    """
    if not patterns or any(pattern.shape != patterns[0].shape for pattern in patterns):
        raise PatternError("There must be patterns, all of one size.")
    height, width = patterns[0].shape
    if height != width:
        raise PatternError(f"The patterns must be squares, not {height} x {width}.")
    share = float(np.mean([pattern.mean() for pattern in patterns]))
    if share in (0.0, 1.0):
        raise PatternError("The patterns have one color only.")
    periodograms = [np.abs(np.fft.fft2(pattern - pattern.mean())) ** 2 for pattern in patterns]
    spectrum = np.mean(periodograms, axis=0) / (height * width * share * (1 - share))
    return _over_annuli(spectrum, share)


def _over_annuli(spectrum: Floats, share: float) -> RadialSpectrum:
    size = len(spectrum)
    samples = np.rint(np.fft.fftfreq(size, 1 / size))
    down, across = samples[:, None], samples[None, :]
    # Of two opposite frequencies of a real pattern, one tells all.
    is_half = (across > 0) | ((across == 0) & (down > 0))
    radii = np.rint(np.hypot(down, across)).astype(int)
    annuli = [spectrum[is_half & (radii == radius)] for radius in range(1, size // 2 + 1)]
    power = np.array([annulus.mean() for annulus in annuli])
    variance = np.array([annulus.var(ddof=1) for annulus in annuli])
    has_power = power > 1e-12
    ratio = np.full_like(power, np.nan)
    ratio[has_power] = np.maximum(variance[has_power] / power[has_power] ** 2, 1e-6)
    return RadialSpectrum(
        share=share,
        frequencies=np.arange(1, size // 2 + 1) / size,
        power=power,
        anisotropy_db=10 * np.log10(ratio),
        num_samples=np.array([annulus.size for annulus in annuli]),
    )
