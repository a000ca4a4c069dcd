"""RGB encodings other than sRGB, and the conversion of their pixels to sRGB."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from jaxtyping import Float, Num, UInt8, UInt16

from ditherlab.vision.chromatic_adaptation import (
    Chromaticity,
    Matrix,
    adaptation,
    white_xyz,
)
from ditherlab.vision.transfer_functions import (
    DIFFUSE_WHITE_NITS,
    HLG_PEAK,
    SRGB,
    TRANSFER_FUNCTIONS,
    TransferFunction,
    encode_srgb,
    nits_to_pq,
    pq_to_nits,
)

_D65 = (0.3127, 0.3290)
_C = (0.310, 0.316)
# Chromaticities in files have up to five digits, so equal primaries differ by rounding.
_SAME = 2e-3
# Pixels that are converted at once.
_BAND_NUM_PX = 1 << 18
_NARROW_BLACK, _NARROW_WHITE = 16 / 255, 235 / 255


@dataclass(frozen=True)
class Primaries:
    """The chromaticities (x, y) of red, green, blue and white, CIE 1931."""

    red: Chromaticity
    green: Chromaticity
    blue: Chromaticity
    white: Chromaticity = _D65

    @property
    def is_valid(self) -> bool:
        """Return whether the primaries span a triangle, and white has a luminance."""
        (rx, ry), (gx, gy), (bx, by) = self.red, self.green, self.blue
        area = (gx - rx) * (by - ry) - (bx - rx) * (gy - ry)
        return abs(area) > 1e-3 and self.white[1] > 1e-3

    def to_xyz(self) -> Matrix:
        """Return the matrix from linear RGB to CIE XYZ, in which white has a luminance of 1.

        Source: SMPTE RP 177-1993, section 3.3.
        """
        columns = np.array([(x, y, 1 - x - y) for x, y in (self.red, self.green, self.blue)]).T
        weights: Float[np.ndarray, "3"] = np.linalg.solve(columns, white_xyz(self.white))
        return np.asarray(columns * weights)


SRGB_PRIMARIES = Primaries((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
ADOBE_RGB_PRIMARIES = Primaries((0.640, 0.330), (0.210, 0.710), (0.150, 0.060))
_SMPTE_170M = Primaries((0.630, 0.340), (0.310, 0.595), (0.155, 0.070))
_P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))

# Source: ITU-T H.273 (2021), table 2; the keys are its code points.
PRIMARIES: Mapping[int, Primaries] = MappingProxyType(
    {
        1: SRGB_PRIMARIES,
        4: Primaries((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _C),
        5: Primaries((0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
        6: _SMPTE_170M,
        7: _SMPTE_170M,
        8: Primaries((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), _C),
        9: Primaries((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
        10: Primaries((1.0, 0.0), (0.0, 1.0), (0.0, 0.0), (1 / 3, 1 / 3)),
        11: Primaries(*_P3, (0.314, 0.351)),
        12: Primaries(*_P3),
        22: Primaries((0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
    }
)


_BT_2020 = 9


@dataclass(frozen=True)
class ColorEncoding:
    """The meaning of RGB samples: primaries, a transfer function and the range of the samples.

    Attributes:
        primaries: The chromaticities of the primaries and of white.
        transfer: The curve from samples to light.
        is_full_range: False if black and white are 16 and 235 of 255.
    """

    primaries: Primaries = SRGB_PRIMARIES
    transfer: TransferFunction = SRGB
    is_full_range: bool = True

    @classmethod
    def from_code_points(
        cls, primaries: int, transfer: int, *, is_full_range: bool = True
    ) -> ColorEncoding | None:
        """Return the encoding of code points of ITU-T H.273; None if the transfer is unknown.

        Without known primaries, those of BT.2020 are assumed for HDR, and those of sRGB otherwise.
        """
        if transfer not in TRANSFER_FUNCTIONS:
            return None
        curve = TRANSFER_FUNCTIONS[transfer]
        assumed = PRIMARIES[_BT_2020] if curve.is_hdr else SRGB_PRIMARIES
        return cls(PRIMARIES.get(primaries, assumed), curve, is_full_range)

    @property
    def is_srgb(self) -> bool:
        """Return whether the samples are display sRGB."""
        is_curve_same = self.transfer == SRGB and self.is_full_range
        return is_curve_same and bool(np.abs(self._to_linear_srgb() - np.eye(3)).max() < _SAME)

    def to_srgb(
        self, samples: UInt8[np.ndarray, "h w c"] | UInt16[np.ndarray, "h w c"]
    ) -> UInt8[np.ndarray, "h w c"]:
        """Convert pixels to display sRGB; white stays white, and colors out of gamut are clipped.

        Highlights of HDR pictures are compressed by `compress_highlights`.

        Args:
            samples: Shape `[h w c]`, c = 3, or 1 for gray; white is the largest number of their
                type.
        """
        white = np.iinfo(samples.dtype).max
        decoded = self._decode(np.arange(white + 1) / white)
        matrix = self._to_linear_srgb() if samples.shape[2] == 3 else np.eye(1)
        peak = 1.0
        if self.transfer.is_hdr:
            bands = _bands(samples)
            peak = max(float(self._light(decoded[band], matrix).max()) for band in bands)
        converted = np.empty_like(samples, dtype=np.uint8)
        for band, rows in zip(_bands(samples), _bands(converted), strict=True):
            light = self._light(decoded[band], matrix)
            if peak > 1:
                light = compress_highlights(light, peak)
            rows[...] = np.floor(encode_srgb(np.clip(light, 0, 1)) * 255 + 0.5)
        return converted

    def _decode(self, samples: Float[np.ndarray, "n"]) -> Float[np.ndarray, "n"]:
        if not self.is_full_range:
            samples = np.clip((samples - _NARROW_BLACK) / (_NARROW_WHITE - _NARROW_BLACK), 0, 1)
        return np.asarray(self.transfer.decode(samples), dtype=np.float32)

    def _light(self, light: Float[np.ndarray, "h w c"], matrix: np.ndarray) -> np.ndarray:
        """Convert decoded samples to linear sRGB, of which 1 is diffuse white."""
        if self.transfer.system_gamma != 1:
            weights = self.primaries.to_xyz()[1] if light.shape[2] == 3 else np.ones(1)
            luminance = light @ weights.astype(np.float32)
            boost = np.maximum(luminance, 1e-6) ** (self.transfer.system_gamma - 1)
            light = light * boost[..., np.newaxis] * HLG_PEAK
        return np.asarray(np.maximum(light @ matrix.T.astype(np.float32), 0))

    def _to_linear_srgb(self) -> Matrix:
        from_xyz = np.linalg.inv(SRGB_PRIMARIES.to_xyz())
        adapted = adaptation(white_xyz(self.primaries.white), white_xyz(SRGB_PRIMARIES.white))
        return np.asarray(from_xyz @ adapted @ self.primaries.to_xyz())


def compress_highlights(
    light: Float[np.ndarray, "h w c"], peak: float
) -> Float[np.ndarray, "h w c"]:
    """Compress light into the range of an SDR display; the proportions of the channels stay.

    Light far below diffuse white does not change.

    Args:
        light: Linear sRGB, of which 1 is diffuse white.
        peak: The largest light of the picture, above 1.

    Source: ITU-R BT.2390-11, section 5.4.1, with black at 0 and the largest channel as luminance.
    """
    largest = light.max(axis=2, keepdims=True)
    peak_pq = nits_to_pq(np.array(peak * DIFFUSE_WHITE_NITS))
    white = nits_to_pq(np.array(DIFFUSE_WHITE_NITS)) / peak_pq
    knee = 1.5 * white - 0.5
    encoded = nits_to_pq(largest * DIFFUSE_WHITE_NITS) / peak_pq
    t = np.maximum(encoded - knee, 0) / (1 - knee)
    spline = (
        (2 * t**3 - 3 * t**2 + 1) * knee
        + (t**3 - 2 * t**2 + t) * (1 - knee)
        + (3 * t**2 - 2 * t**3) * white
    )
    mapped = pq_to_nits(np.where(encoded < knee, encoded, spline) * peak_pq) / DIFFUSE_WHITE_NITS
    ratio = np.where(largest > 0, mapped / np.maximum(largest, 1e-9), 1)
    return np.asarray(light * ratio, dtype=np.float32)


def _bands(pixels: Num[np.ndarray, "h w c"]) -> list[Num[np.ndarray, "_ w c"]]:
    """Return views of bands of rows, so that the memory of a conversion is bounded."""
    num_rows = max(1, _BAND_NUM_PX // pixels.shape[1])
    return [pixels[top : top + num_rows] for top in range(0, len(pixels), num_rows)]
