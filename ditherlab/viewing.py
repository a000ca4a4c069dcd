"""What the eye makes of a picture: light adds up, and fine detail blurs."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from ditherlab.color import linear_to_srgb, srgb_to_linear
from ditherlab.errors import RequestError
from ditherlab.filtering import Taps, filter_reflected, gaussian_taps

Pictures = Float[Tensor, "*batch h w"]


@dataclass(frozen=True)
class EyeBlur:
    """A Gaussian low-pass in linear light, the eye's at a certain distance.

    Attributes:
        blur_px: Standard deviation in pixels; 0 sees every pixel by itself.
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
        """The weights along each axis."""
        return gaussian_taps(self.blur_px)

    def blur(self, linear: Pictures) -> Pictures:
        """Blur linear light; borders reflect."""
        return filter_reflected(linear, self.taps)

    def see(self, srgb: Pictures) -> Pictures:
        """Return the sRGB picture that looks as `srgb` does from afar."""
        return linear_to_srgb(self.blur(srgb_to_linear(srgb)))
