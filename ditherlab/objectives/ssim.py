"""Structural similarity of drawn pictures, at pixel scale or behind the eye's low-pass."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ditherlab.errors import PictureError, RequestError
from ditherlab.filtering import Taps, filter_valid, gaussian_taps
from ditherlab.protocol import Ability, Cost, Objective, Target
from ditherlab.types import DrawCosts, DrawnImages, Images
from ditherlab.viewing import EyeBlur

_C1 = 0.01**2
_C2 = 0.03**2

_WINDOWED: frozenset[Ability] = frozenset({"value", "gradient"})


@dataclass(frozen=True)
class SSIM(Objective):
    """1 - mean SSIM of display sRGB, over the windows that lie inside and the channels.

    It scores single pixels, so its optimum is posterized: see `ViewedSSIM` for pictures to look at.

    Source: Zhou Wang et al., "Image Quality Assessment: From Error Visibility to Structural
    Similarity", IEEE TIP 2004, eq. 13; Gaussian window as there, K1 = .01, K2 = .03.

    Attributes:
        sigma: Standard deviation of the Gaussian window in pixels; it is cut at 3.5 sigma.
    """

    sigma: float = 1.5

    def __post_init__(self) -> None:
        _check_window("ssim", self.sigma)

    @property
    def abilities(self) -> frozenset[Ability]:
        return _WINDOWED

    @property
    def min_size_px(self) -> int:
        return len(gaussian_taps(self.sigma))

    def bind(self, target: Target) -> Cost:
        return SSIMCost(self.abilities, target, EyeBlur(0.0), TargetWindows.of(target, self.sigma))


@dataclass(frozen=True)
class ViewedSSIM(Objective):
    """1 - mean SSIM of what the eye sees: blurred in linear light, then encoded as sRGB again.

    Attributes:
        blur_px: Standard deviation of the eye's low-pass in pixels.
        sigma: Standard deviation of SSIM's Gaussian window in pixels.
    """

    blur_px: float = 1.0
    sigma: float = 1.5

    def __post_init__(self) -> None:
        EyeBlur(self.blur_px)
        _check_window("viewed-ssim", self.sigma)

    @property
    def abilities(self) -> frozenset[Ability]:
        return _WINDOWED

    @property
    def min_size_px(self) -> int:
        return len(gaussian_taps(self.sigma))

    def bind(self, target: Target) -> Cost:
        eye = EyeBlur(self.blur_px)
        seen = Target(eye.see(target.images), target.opaque)
        return SSIMCost(self.abilities, target, eye, TargetWindows.of(seen, self.sigma))


@dataclass(frozen=True, eq=False)
class TargetWindows:
    """What SSIM needs to know of the target: the same at every step.

    Attributes:
        images: The target as it is compared.
        mean: Its mean in each window.
        square_plus_c1: The squared mean plus C1.
        variance_plus_c2: Its variance in each window plus C2.
        weights: Each window's share in the mean; windows around transparent pixels have none.
    """

    taps: Taps
    images: Images
    mean: Images
    square_plus_c1: Images
    variance_plus_c2: Images
    weights: Float[Tensor, "b 1 h w"]

    @classmethod
    def of(cls, target: Target, sigma: float) -> "TargetWindows":
        """Filter the target once."""
        taps = gaussian_taps(sigma)
        margin = len(taps) // 2
        height, width = target.images.shape[-2:]
        if min(height, width) < len(taps):
            raise PictureError(
                f"A picture for SSIM with sigma {sigma:g} must be at least {len(taps)} pixels high "
                f"and wide, got {width} x {height}. Use `viewed-error`, which needs no window."
            )
        mean, mean_square = filter_valid(
            torch.stack([target.images, target.images.square()]), taps
        ).unbind()
        square = mean.square()
        inside = target.opaque[..., margin : height - margin, margin : width - margin]
        counted = inside.to(target.images.dtype)
        num_counted = counted.sum(dim=(1, 2, 3), keepdim=True).clamp_min(1)
        return cls(
            taps,
            target.images,
            mean,
            square + _C1,
            mean_square - square + _C2,
            counted / (num_counted * target.images.shape[1]),
        )


@dataclass(frozen=True, eq=False)
class SSIMCost(Cost):
    """1 - SSIM from one target, behind an eye that may be perfectly sharp."""

    abilities: frozenset[Ability]
    target: Target
    eye: EyeBlur
    windows: TargetWindows

    def cost(self, images: DrawnImages) -> DrawCosts:
        filled = self.target.fill_transparent(images)
        seen = self.eye.see(filled) if self.eye.blur_px > 0 else filled
        return 1 - (self._similarity(seen) * self.windows.weights).sum(dim=(2, 3, 4))

    def _similarity(self, seen: DrawnImages) -> DrawnImages:
        known = self.windows
        statistics = torch.stack([seen, seen.square(), seen * known.images])
        mean, mean_square, mean_product = filter_valid(statistics, known.taps).unbind()
        square = mean.square()
        product = mean * known.mean
        luminance = (2 * product + _C1) / (square + known.square_plus_c1)
        structure = (2 * (mean_product - product) + _C2) / (
            mean_square - square + known.variance_plus_c2
        )
        return luminance * structure


def _check_window(name: str, sigma: float) -> None:
    if not 0.3 <= sigma <= 50:
        raise RequestError(
            f"`{name}(sigma=...)` must be from 0.3 to 50 pixels, got {sigma:g}. Try 1.5."
        )
