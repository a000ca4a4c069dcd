"""Transfer functions: from the samples of a file to light.

Source: ITU-T H.273 (2021), table 3; the numbers of `TRANSFER_FUNCTIONS` are its code points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from jaxtyping import Float

from ditherlab.vision.colorimetry import ENCODED_KNEE, LINEAR_KNEE

# The luminance of diffuse white in HDR pictures. Source: ITU-R BT.2408-7, section 2.
DIFFUSE_WHITE_NITS = 203.0
# The peak of the display for which HLG is decoded. Source: ITU-R BT.2100-2, table 5.
_HLG_PEAK_NITS = 1000.0
_PQ_PEAK_NITS = 10_000.0
# Source: ITU-R BT.2100-2, table 4.
_PQ_M1, _PQ_M2 = 2610 / 16384, 2523 / 4096 * 128
_PQ_C1, _PQ_C2, _PQ_C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
# Source: ITU-R BT.2100-2, table 5.
_HLG_A, _HLG_B, _HLG_C = 0.17883277, 0.28466892, 0.55991073
_HLG_SYSTEM_GAMMA = 1.2

Samples = Float[np.ndarray, "*shape"]


@dataclass(frozen=True)
class TransferFunction:
    """The curve from samples in [0, 1] to light, of which 1 is diffuse white.

    Attributes:
        name: The name in messages.
        decode: The curve of each channel.
        is_hdr: Whether light exceeds diffuse white.
        system_gamma: The power of the luminance in the step from the light of the scene to that of
            a display; 1 where samples stand for the light of a display.
    """

    name: str
    decode: Callable[[Samples], Samples]
    is_hdr: bool = False
    system_gamma: float = 1.0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TransferFunction) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)


def power_law(exponent: float, name: str = "") -> TransferFunction:
    """Return the curve `light = sample ** exponent`.

    Example:
        >>> float(power_law(2.0).decode(np.array(0.5)))
        0.25
    """
    return TransferFunction(name or f"gamma {exponent:g}", lambda samples: samples**exponent)


def pq_to_nits(samples: Samples) -> Samples:
    """Decode the perceptual quantizer to luminance in cd/m2.

    Source: ITU-R BT.2100-2, table 4.
    """
    root = np.clip(samples, 0, 1) ** (1 / _PQ_M2)
    light = np.maximum(root - _PQ_C1, 0) / (_PQ_C2 - _PQ_C3 * root)
    return np.asarray(_PQ_PEAK_NITS * light ** (1 / _PQ_M1))


def nits_to_pq(nits: Samples) -> Samples:
    """Encode luminance in cd/m2 by the perceptual quantizer.

    Source: ITU-R BT.2100-2, table 4.

    Example:
        >>> nits_to_pq(np.array([0.0, 203.0, 10000.0])).round(3).tolist()
        [0.0, 0.581, 1.0]
    """
    power = (np.clip(nits, 0, _PQ_PEAK_NITS) / _PQ_PEAK_NITS) ** _PQ_M1
    return np.asarray(((_PQ_C1 + _PQ_C2 * power) / (1 + _PQ_C3 * power)) ** _PQ_M2)


def decode_srgb(samples: Samples) -> Samples:
    """Decode display sRGB in [0, 1] to linear light.

    Source: IEC 61966-2-1:1999, section 5.2.
    """
    return np.where(samples <= ENCODED_KNEE, samples / 12.92, ((samples + 0.055) / 1.055) ** 2.4)


def _decode_240m(samples: Samples) -> Samples:
    return np.where(samples < 4 * 0.0228, samples / 4, ((samples + 0.1115) / 1.1115) ** (1 / 0.45))


def _decode_logarithm(decades: float) -> Callable[[Samples], Samples]:
    return lambda samples: np.where(samples > 0, 10 ** (decades * (samples - 1)), 0.0)


def _decode_hlg(samples: Samples) -> Samples:
    """Decode to the light of the scene, scaled so that its peak has that of a display."""
    bright = (np.exp((samples - _HLG_C) / _HLG_A) + _HLG_B) / 12
    return np.where(samples <= 0.5, samples**2 / 3, bright)


SRGB = TransferFunction("sRGB", decode_srgb)
HLG = TransferFunction("HLG", _decode_hlg, is_hdr=True, system_gamma=_HLG_SYSTEM_GAMMA)
HLG_PEAK = _HLG_PEAK_NITS / DIFFUSE_WHITE_NITS
_PQ = TransferFunction("PQ", lambda samples: pq_to_nits(samples) / DIFFUSE_WHITE_NITS, is_hdr=True)

# The curves of video cameras (1, 6, 11, 12, 14 and 15) are meant for a display with a curve of its
# own. Like browsers, we take that of sRGB for it, and not the inverse of the camera's.
TRANSFER_FUNCTIONS: Mapping[int, TransferFunction] = MappingProxyType(
    {
        **dict.fromkeys((1, 6, 11, 12, 13, 14, 15), SRGB),
        4: power_law(2.2),
        5: power_law(2.8),
        7: TransferFunction("SMPTE 240M", _decode_240m),
        8: power_law(1.0, "linear"),
        9: TransferFunction("logarithm 100:1", _decode_logarithm(2.0)),
        10: TransferFunction("logarithm 316:1", _decode_logarithm(2.5)),
        16: _PQ,
        17: TransferFunction("SMPTE 428", lambda samples: samples**2.6 * (52.37 / 48)),
        18: HLG,
    }
)


def encode_srgb(light: Samples) -> Samples:
    """Encode linear light in [0, 1] as display sRGB.

    Source: IEC 61966-2-1:1999, section 5.2.
    """
    curve = 1.055 * np.maximum(light, LINEAR_KNEE) ** (1 / 2.4) - 0.055
    return np.where(light <= LINEAR_KNEE, light * 12.92, curve)
