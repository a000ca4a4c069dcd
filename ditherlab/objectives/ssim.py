"""Structural similarity of drawn pictures, at pixel scale or after the eye's low-pass."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

from ditherlab.errors import PictureError, RequestError
from ditherlab.protocol import Ability, Cost, Objective, Target, keep_rows, rows_seen
from ditherlab.types import (
    Colors,
    CostMap,
    DrawCosts,
    DrawnImages,
    DrawnMoments,
    Images,
    Moments,
    MomentTable,
    PictureCosts,
    Statistics,
    WindowWeights,
)
from ditherlab.vision.filtering import Taps, filter_valid, gaussian_taps
from ditherlab.vision.structural_similarity import C1, C2, similarity_factors
from ditherlab.vision.viewing import EyeBlur

# Added to each window's contrast in contrast weights, so that flat windows keep some weight.
_FAINT_CONTRAST = 0.02

_WINDOWED: frozenset[Ability] = frozenset({"value", "gradient", "local"})

# Encoding as sRGB after the blur is not linear, so only without a blur are the windows' statistics
# linear in the drawn colors.
_SHARP: frozenset[Ability] = _WINDOWED | {"statistics"}

# The smallest window whose expectation of second order may be used. On 32 x 32 pixels of photos, in
# black and white, 4 grays and 16 colors, its gradient was worse than with order 0 in most crops
# below (18 of 28 at 0.9, 22 of 26 at 0.6), and up to 22 times as far off as it is long.
_LEAST_SIGMA_OF_EXPECTATION = 1.0


@dataclass(frozen=True)
class SSIM(Objective):
    """1 - mean SSIM of display sRGB, over the windows that lie inside and the channels.

    It scores single pixels, so its optimum is posterized: use `ViewedSSIM` for pictures to look at.
    Its expectation is of second order (delta method): the window's cost at its expected statistics
    plus half the trace of its Hessian times their covariance. It is offered from sigma 1 on: in a
    smaller window one pixel moves the statistics too far for an expansion.

    Source: Zhou Wang et al., "Image Quality Assessment: From Error Visibility to Structural
    Similarity", IEEE TIP 2004, eq. 13; Gaussian window as there, K1 = .01, K2 = .03.

    Attributes:
        sigma: Standard deviation of the Gaussian window in pixels; it is truncated at 3.5 sigma.
    """

    sigma: float = 1.5

    def __post_init__(self) -> None:
        _check_window("ssim", self.sigma)

    @property
    def abilities(self) -> frozenset[Ability]:
        has_expectation = self.sigma >= _LEAST_SIGMA_OF_EXPECTATION
        return _SHARP | {"expectation"} if has_expectation else _SHARP

    def why_without(self, ability: Ability) -> str:
        if ability != "expectation":
            return ""
        return f"windows of sigma below {_LEAST_SIGMA_OF_EXPECTATION:g} are too small to expand"

    @property
    def is_expectation_exact(self) -> bool:
        return False

    @property
    def min_size_px(self) -> int:
        return len(gaussian_taps(self.sigma))

    def bind(self, target: Target) -> Cost:
        return SSIMCost(self.abilities, target, EyeBlur(0.0), TargetWindows.of(target, self.sigma))


@dataclass(frozen=True)
class ViewedSSIM(Objective):
    """1 - mean SSIM after the eye's low-pass: blurred in linear light, then encoded as sRGB again.

    SSIM divides by the contrast of a window, so in flat windows it penalizes invisible dots and
    misses wrong tones. Windows can be weighted by the contrast of the blurred target:
    `w_j ~ (s_j + 0.02)^contrast`, with `s_j` the standard deviation, averaged over the channels.

    Attributes:
        blur_px: Standard deviation of the eye's low-pass in pixels.
        sigma: Standard deviation of SSIM's Gaussian window in pixels.
        contrast: Exponent of the contrast weights: 0 weights all windows equally, 1 in proportion.
    """

    blur_px: float = 0.8
    sigma: float = 1.5
    contrast: float = 0.0

    def __post_init__(self) -> None:
        EyeBlur(self.blur_px)
        _check_window("viewed-ssim", self.sigma)
        if not 0 <= self.contrast <= 4:
            raise RequestError(
                f"`viewed-ssim(contrast=...)` must be from 0 to 4, got {self.contrast:g}. Try 1."
            )

    @property
    def abilities(self) -> frozenset[Ability]:
        return _WINDOWED

    @property
    def min_size_px(self) -> int:
        return len(gaussian_taps(self.sigma))

    def bind(self, target: Target) -> Cost:
        eye = EyeBlur(self.blur_px)
        seen = replace(target, images=eye.see(target.images))
        windows = TargetWindows.of(seen, self.sigma).weighted_by_contrast(self.contrast)
        return SSIMCost(self.abilities, target, eye, windows)


Windows = Float[Tensor, "b c y x"]
"""A value of each window that lies inside the picture: fewer rows and columns than pixels."""

WindowStatistics = Float[Tensor, "s b q y x"]
"""Means of x, x^2 and x y in each such window, for every channel."""


@dataclass(frozen=True, eq=False)
class TargetWindows:
    """The statistics of the target that SSIM uses, computed once.

    Attributes:
        images: The target as it is compared, after the eye's low-pass if there is one.
        mean: Its mean in each window.
        square_plus_c1: The squared mean plus C1.
        variance_plus_c2: Its variance in each window plus C2.
        weights: Each window's share in the mean; 0 for windows centered on transparent pixels.
    """

    taps: Taps
    images: Images
    mean: Windows
    square_plus_c1: Windows
    variance_plus_c2: Windows
    weights: Float[Tensor, "b 1 y x"]

    @classmethod
    def of(cls, target: Target, sigma: float) -> "TargetWindows":
        """Compute the statistics of a target."""
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
            square + C1,
            mean_square - square + C2,
            counted / (num_counted * target.images.shape[1]),
        )

    def weighted_by_contrast(self, power: float) -> "TargetWindows":
        """Weight windows by a power of their contrast; the sum of all weights does not change."""
        variance = (self.variance_plus_c2 - C2).clamp_min(0)
        contrast = variance.sqrt().mean(dim=1, keepdim=True) + _FAINT_CONTRAST
        weights = self.weights * contrast**power
        total, before = (w.sum(dim=(2, 3), keepdim=True) for w in (weights, self.weights))
        return replace(self, weights=weights * (before / total.clamp_min(1e-12)))

    def cut(self, rows: range, seen: slice) -> "TargetWindows":
        """Restrict to windows with their centers in `rows`, for pictures cut to the rows `seen`."""
        margin = len(self.taps) // 2
        inside = slice(seen.start, seen.stop - 2 * margin)
        height = self.mean.shape[-2]
        first, last = (min(max(row - margin, 0), height) for row in (rows.start, rows.stop))
        return TargetWindows(
            self.taps,
            self.images[..., seen, :],
            *(
                windows[..., inside, :]
                for windows in (
                    self.mean,
                    self.square_plus_c1,
                    self.variance_plus_c2,
                    keep_rows(self.weights, range(first, last)),
                )
            ),
        )


@dataclass(frozen=True, eq=False)
class SSIMCost(Cost):
    """1 - mean SSIM against one target, after an eye blur that may be 0."""

    abilities: frozenset[Ability]
    target: Target
    eye: EyeBlur
    windows: TargetWindows

    @property
    def is_expectation_exact(self) -> bool:
        return False

    def cost(self, images: DrawnImages) -> DrawCosts:
        return self._window_costs(self._filter(*self._compared(images))).sum(dim=(2, 3))

    @property
    def footprint_px(self) -> int:
        return self._margin_px + len(self.eye.taps) // 2

    def cost_map(self, images: DrawnImages) -> CostMap:
        return self._place(self._window_costs(self._filter(*self._compared(images))))

    def restrict(self, rows: range, halo_px: int) -> Cost:
        seen = rows_seen(rows, halo_px, self.target.images.shape[-2])
        target, windows = self.target.cut(seen), self.windows.cut(rows, seen)
        return replace(self, target=target, windows=windows)

    @property
    def num_moments(self) -> int:
        return 2 * self.target.images.shape[1]

    def color_moments(self, palette: Colors) -> MomentTable:
        return torch.cat([palette, palette.square()], dim=2).mT

    @property
    def num_statistics(self) -> int:
        return 3 * self.target.images.shape[1]

    def features(self, moments: DrawnMoments) -> Statistics:
        mean, mean_square = moments.chunk(2, dim=2)
        known = self.target
        mean = known.fill_transparent(mean)
        mean_square = torch.where(known.opaque, mean_square, known.images.square())
        return self._features(mean, mean_square)

    def gather(self, features: Statistics) -> Statistics:
        return self._place(filter_valid(features, self.windows.taps))

    def window_weights(self, rows: int, columns: int) -> WindowWeights:
        margin, taps = self._margin_px, self.windows.taps
        known = self.windows.mean
        if max(abs(rows), abs(columns)) > margin:
            return known.new_zeros(self.target.images.shape[-2:])
        weight = taps[margin + rows] * taps[margin + columns]
        return self._place(known.new_full(known.shape[-2:], weight))

    def map_from_statistics(self, statistics: Statistics) -> CostMap:
        margin = self._margin_px
        height, width = statistics.shape[-2:]
        valid = statistics[..., margin : height - margin, margin : width - margin]
        return self._place(self._window_costs(valid))

    @property
    def num_expected_moments(self) -> int:
        return 4 * self.target.images.shape[1]

    def expected_color_moments(self, palette: Colors) -> MomentTable:
        return torch.cat([palette**power for power in (1, 2, 3, 4)], dim=2).mT

    def expected_from_moments(self, moments: Moments) -> PictureCosts:
        first, second, third, fourth = moments.chunk(4, dim=1)
        known = self.target
        mean = known.fill_transparent(first)
        mean_square = torch.where(known.opaque, second, known.images.square())
        means = self._filter(mean.unsqueeze(0), mean_square.unsqueeze(0))
        spread = self._filter_covariances(
            (second - first.square()) * known.opaque,
            (third - first * second) * known.opaque,
            (fourth - second.square()) * known.opaque,
        )
        costs = self._window_costs(means)[0] - self._expected_bend(means[0], spread)
        return costs.sum(dim=(1, 2))

    def _filter_covariances(
        self, var_x: Images, cov_x_xx: Images, var_xx: Images
    ) -> tuple[Windows, ...]:
        """Return the covariances of each window's means of x, x^2 and x y that the bend depends on.

        The order is (x, x), (x, x^2), (x^2, x^2), (x, x y), (x^2, x y). For independent pixels,
        they are sums with the squared weights of the window.
        """
        other = self.windows.images
        pixels = torch.cat([var_x, cov_x_xx, var_xx, other * var_x, other * cov_x_xx], dim=1)
        squared_taps = tuple(tap**2 for tap in self.windows.taps)
        return filter_valid(pixels, squared_taps).chunk(5, dim=1)

    def _expected_bend(
        self, means: Float[Tensor, "b q y x"], covariances: tuple[Windows, ...]
    ) -> Float[Tensor, "b y x"]:
        """Return `1/2 tr(H Sigma)` of each window's similarity: the second-order term of its mean.

        With a, b, d the window's means of x, x^2, x y, the similarity is `u v`, where
        `u = (2 a m + C1) / D1`, `v = (2 (d - a m) + C2) / D2`, `D1 = a^2 + m^2 + C1` and
        `D2 = b - a^2 + V + C2` for a target of mean m and variance V; H holds its second
        derivatives in (a, b, d).
        """
        known = self.windows
        a, b, d = means.chunk(3, dim=1)
        m = known.mean
        square = a.square()
        d1 = square + known.square_plus_c1
        d2 = b - square + known.variance_plus_c2
        u, v = similarity_factors(a * m, d - a * m, d1, d2)
        u_a = 2 * (m - a * u) / d1
        v_a = 2 * (a * v - m) / d2
        v_b = -v / d2
        u_aa = -2 * (u + 2 * a * u_a) / d1
        v_aa = 2 * (v + 2 * a * v_a) / d2
        h_aa = u_aa * v + 2 * u_a * v_a + u * v_aa
        h_ab = u_a * v_b + u * (2 * a * v_b - v_a) / d2
        h_ad = 2 * u_a / d2 + 4 * u * a / d2.square()
        h_bd = -2 * u / d2.square()
        h_bb = -v * h_bd
        aa, ab, bb, ad, bd = covariances
        bend = (h_aa * aa + h_bb * bb) / 2 + h_ab * ab + h_ad * ad + h_bd * bd
        return (bend * known.weights).sum(dim=1)

    @property
    def _margin_px(self) -> int:
        return len(self.windows.taps) // 2

    def _place(self, windows: Tensor) -> Tensor:
        """Place each window at its center pixel; pixels without a window get zero."""
        return pad(windows, (self._margin_px,) * 4)

    def _compared(self, images: DrawnImages) -> tuple[DrawnImages, DrawnImages]:
        """Return the pictures as they are compared with the target, and their squares."""
        filled = self.target.fill_transparent(images)
        seen = self.eye.see(filled) if self.eye.blur_px > 0 else filled
        return seen, seen.square()

    def _features(self, mean: DrawnImages, mean_square: DrawnImages) -> Statistics:
        return torch.cat([mean, mean_square, mean * self.windows.images], dim=2)

    def _filter(self, mean: DrawnImages, mean_square: DrawnImages) -> WindowStatistics:
        return filter_valid(self._features(mean, mean_square), self.windows.taps)

    def _window_costs(self, statistics: WindowStatistics) -> Float[Tensor, "s b y x"]:
        known = self.windows
        mean, mean_square, mean_product = statistics.chunk(3, dim=2)
        square = mean.square()
        product = mean * known.mean
        luminance, structure = similarity_factors(
            product,
            mean_product - product,
            square + known.square_plus_c1,
            mean_square - square + known.variance_plus_c2,
        )
        return ((1 - luminance * structure) * known.weights).sum(dim=2)


def _check_window(name: str, sigma: float) -> None:
    if not 0.3 <= sigma <= 50:
        raise RequestError(
            f"`{name}(sigma=...)` must be from 0.3 to 50 pixels, got {sigma:g}. Try 1.5."
        )
