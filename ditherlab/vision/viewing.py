"""The eye as a low-pass filter: viewing distances, point spreads, and blur in linear light."""

import math
import re
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from ditherlab.errors import RequestError
from ditherlab.vision.color import linear_to_srgb, srgb_to_linear
from ditherlab.vision.filtering import Taps, filter_reflected, gaussian_taps

Pictures = Float[Tensor, "*batch h w"]


_CENTIMETERS = {"mm": 0.1, "cm": 1.0, "m": 100.0, "in": 2.54, "ft": 30.48}
_LENGTH = re.compile(rf"(?P<number>\d+\.?\d*|\.\d+)\s*(?P<unit>{'|'.join(_CENTIMETERS)})")

# Main lobes of the eye's point spread for lightness, red-green and yellow-blue, as the standard
# deviations of Gaussians in degrees of visual angle: the published spread `s` of `exp(-(x / s)^2)`,
# over the square root of 2. Source: Xuemei Zhang and Brian Wandell, "A Spatial Extension of CIELAB
# for Digital Color-Image Reproduction", SID 1996, table 1.
_POINT_SPREAD_DEGREES = (0.0283 / 2**0.5, 0.0392 / 2**0.5, 0.0536 / 2**0.5)


def pixels_per_degree(distance_cm: float, dots_per_inch: float) -> float:
    """Return how many pixels a degree of visual angle spans.

    Raises:
        RequestError: If either value is not above 0.

    Example:
        >>> round(pixels_per_degree(70.0, 139.0))
        67
    """
    for name, value in (("distance", distance_cm), ("dots per inch", dots_per_inch)):
        if not value > 0:
            raise RequestError(f"The {name} must be above 0, got {value:g}.")
    return 2 * distance_cm / 2.54 * dots_per_inch * math.tan(math.radians(0.5))


def parse_length_cm(text: str) -> float:
    """Parse a length such as `70cm`, `0.7m`, `700mm` or `28in`.

    Raises:
        RequestError: If the text is not a positive length with a unit.

    Example:
        >>> parse_length_cm("0.7 m")
        70.0
    """
    match = _LENGTH.fullmatch(text.strip())
    length_cm = float(match["number"]) * _CENTIMETERS[match["unit"]] if match else 0.0
    if length_cm <= 0:
        raise RequestError(
            f"A viewing distance must be a positive length with a unit, got '{text}'. Try 70cm, "
            "0.7m or 28in."
        )
    return length_cm


def point_spread_px(pixels_per_degree: float, num_channels: int) -> tuple[float, ...]:
    """Return the standard deviation in pixels of the eye's blur of each opponent channel."""
    return tuple(d * pixels_per_degree for d in _POINT_SPREAD_DEGREES[:num_channels])


@dataclass(frozen=True)
class EyeBlur:
    """A Gaussian low-pass in linear light that models the eye at a certain distance.

    Attributes:
        blur_px: Standard deviation in pixels; 0 does not blur.
    """

    blur_px: float

    def __post_init__(self) -> None:
        if not 0 <= self.blur_px <= 50:
            raise RequestError(
                f"`blur_px` must be from 0 to 50 pixels, got {self.blur_px:g}. "
                "About 1 to 1.5 fits a picture that is looked at from afar."
            )

    @property
    def taps(self) -> Taps:
        """The filter weights along each axis."""
        return gaussian_taps(self.blur_px)

    def blur(self, linear: Pictures) -> Pictures:
        """Blur linear light; borders reflect."""
        return filter_reflected(linear, self.taps)

    def see(self, srgb: Pictures) -> Pictures:
        """Blur display sRGB in linear light and encode the result as sRGB again."""
        return linear_to_srgb(self.blur(srgb_to_linear(srgb)))
