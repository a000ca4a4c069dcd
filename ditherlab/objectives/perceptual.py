"""The default objective: the error that a person sees from a given viewing distance."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ditherlab.errors import RequestError
from ditherlab.objectives.blurred_error import (
    SQUARED_ERROR_ABILITIES,
    BlurredErrorCost,
    Layer,
    Planes,
)
from ditherlab.objectives.perceptual_settings import (
    UNKNOWN_DISTANCE,
    PaletteKind,
    PerceptualSettings,
)
from ditherlab.protocol import Ability, Cost, Objective, Target
from ditherlab.types import Colors, Images
from ditherlab.vision.color import lightness_slope, linear_to_opponent, mix_channels, srgb_to_linear
from ditherlab.vision.filtering import Taps, filter_reflected, gaussian_taps, map_rows
from ditherlab.vision.flatness import color_codes
from ditherlab.vision.least_spread import LeastSpread
from ditherlab.vision.viewing import point_spread_px

# Luminance below which a display's reflections keep steps from becoming more visible.
_DARKEST = 0.01

# The gains of L*, a* and b* with Y, X - Y and Y - Z, relative to that of L* with Y.
_GAINS = (1.0, 5 / 1.16, 2 / 1.16)

# Lightness is also priced at other distances, given as a factor on the blur and a weight. The near
# one prevents noise that gains nothing at the viewing distance. The far one keeps tones right in
# the mean; without it, faint grays would lose their last dots.
_OTHER_DISTANCES = ((0.5, 0.1), (2.5, 2.0))

# The radius of the eye's blur, in standard deviations.
_TRUNCATE = 2.5

# The blur of tones, at any distance, and the rows and columns between its windows. Windows at every
# pixel would price nearly the same: the sum of their squares varies by 0.2 % from pixel to pixel.
_TONE_TAPS = gaussian_taps(5.0, truncate=2.2)
_TONE_STRIDE = 6

_PIXEL_TAPS = gaussian_taps(0.0)


@dataclass(frozen=True)
class Perceptual(Objective):
    """Squared error in lightness and opponent colors, each after the eye's low-pass for it.

    Light is added and blurred in linear opponent channels: lightness, red against green, yellow
    against blue. The eye blurs colors more than lightness, so an optimized picture hides its noise
    in color: dots of equal lightness are the least visible. Errors are weighted by the slope of
    CIELAB's lightness at the target, blurred alike, so that errors of equal visibility cost the
    same. With `h` the eye's low-pass of each channel, `h'`, `h''` that of lightness at a closer and
    a farther distance, and `t` a wide one,

        f(X) = mean_j [sum_c w_cj (h_c * e_c)_j^2 + w_1j (0.1 (h' * e_1)_j^2 + 2 (h'' * e_1)_j^2)]
               + mean_j sum_c (crisp + flat_j) w_cj e_cj^2
               + mean_j sum_c tone_c w_cj (t * e_c)_j^2 - discount mean_i <W_i V'(y_i), e_i>,
        e = M X - y.

    `flat` is 1 in flat areas and line art whose colors the palette can show, and where colors are
    learned, else 0. The last line keeps shadows and lights, and is left out where colors are
    learned: a dot costs `W_i`, its own energy, more than what it brings to a faint tone. `V(y)` is
    the least spread of palette colors with the mean `y`.

    The expectation is exact. The cost is in units of a mean squared error of L*, a*, b* over 100.

    Source: Xuemei Zhang and Brian Wandell, "A Spatial Extension of CIELAB for Digital Color-Image
    Reproduction", SID 1996, for the channels' bandwidths; the main lobes of their point spreads.

    Attributes:
        pixels_per_degree: Pixels per degree of visual angle at the viewing distance: about 35 for a
            desktop monitor, 67 for a 4K monitor at 70 cm, 100 for a phone. Values above 82 are
            treated as 82. None means an unknown distance: 45.
        crisp: The weight of single pixels relative to blurred ones: 0 dithers freely, 0.1 is quiet,
            1 nearly forbids dithering. It is added to that of flat pixels; 0 turns both off. None
            means 0; with learned colors it means 0.05 up to 45 pixels per degree, falling to 0 at
            67.
        palette: The kind of palette that is suited: `fixed`, `learned`, or `hardware`, which is
            learned from few colors. A problem sets it.

    Raises:
        RequestError: If a number is out of its range.
    """

    pixels_per_degree: float | None = None
    crisp: float | None = None
    palette: PaletteKind = "fixed"

    def __post_init__(self) -> None:
        distance = self.pixels_per_degree
        if not 1 <= (UNKNOWN_DISTANCE if distance is None else distance) <= 600:
            raise RequestError(
                f"The pixels per degree must be from 1 to 600, got {distance:g}. 35 is a desktop "
                "monitor, 67 a 4K monitor at 70 cm, 100 a phone."
            )
        if not 0 <= (self.crisp or 0.0) < float("inf"):
            raise RequestError(
                f"The weight `crisp` must be at least 0, got {self.crisp:g}. Try 0.05."
            )

    @property
    def abilities(self) -> frozenset[Ability]:
        return SQUARED_ERROR_ABILITIES

    @property
    def min_size_px(self) -> int:
        return 1

    def suited_to(self, *, learned_palette: bool, has_gamut: bool = False) -> "Perceptual":
        if not learned_palette:
            return self
        return replace(self, palette="hardware" if has_gamut else "learned")

    def bind(self, target: Target) -> Cost:
        return _Binding.of(self, target).cost()


@dataclass(frozen=True, eq=False)
class _Binding:
    """The parts of a cost for one target.

    Attributes:
        settings: The weights.
        target: The target.
        mixing: The matrix from linear light to the opponent channels.
        values: The target in these channels.
        blurs: The eye's low-pass of each channel.
    """

    settings: PerceptualSettings
    target: Target
    mixing: Float[Tensor, "c r"]
    values: Images
    blurs: tuple[Taps, ...]

    @classmethod
    def of(cls, objective: Perceptual, target: Target) -> "_Binding":
        settings = PerceptualSettings.of(
            objective.pixels_per_degree, objective.crisp, objective.palette
        )
        num_channels = target.images.shape[1]
        mixing = linear_to_opponent(num_channels).to(target.images)
        values = map_rows(
            lambda rows: mix_channels(srgb_to_linear(rows), mixing, dim=1), target.images
        )
        spreads = point_spread_px(settings.pixels_per_degree, num_channels)
        return cls(settings, target, mixing, values, tuple(map(_eye_taps, spreads)))

    def cost(self) -> Cost:
        layers = (*self.seen_layers(), *self.pixel_layers(), *self.tone_layers())
        cost = BlurredErrorCost.of(self.target, self.mixing, self.values, layers)
        discounts = tuple(self.discounts(cost))
        return replace(cost, layers=(*layers, *discounts)) if discounts else cost

    @property
    def scales(self) -> list[float]:
        """The weight of squared errors of each channel, relative to the first one."""
        gains = _GAINS[: len(self.mixing)]
        return [
            gain**2 * (self.settings.color_weight if channel else 1)
            for channel, gain in enumerate(gains)
        ]

    def visibility(self, taps: Taps) -> Planes:
        """Return the cost of a unit squared error of lightness at each blurred pixel."""
        luminance = filter_reflected(self.values[:, 0], taps)
        slope = lightness_slope(luminance, darkest=_DARKEST)
        num_opaque = self.target.num_opaque.view(-1, 1, 1)
        return slope.square() * self.target.opaque[:, 0] / num_opaque

    @cached_property
    def seen_visibility(self) -> Planes:
        """The visibility of what is seen from the viewing distance."""
        return self.visibility(self.blurs[0])

    def seen_layers(self) -> Iterator[Layer]:
        """Yield the layers of what is seen from the viewing distance, and from others."""
        for channel, (taps, scale) in enumerate(zip(self.blurs, self.scales, strict=True)):
            yield Layer(channel, taps, self.seen_visibility, scale)
        (spread,) = point_spread_px(self.settings.pixels_per_degree, 1)
        for factor, weight in _OTHER_DISTANCES:
            taps = _eye_taps(spread * factor)
            yield Layer(0, taps, self.visibility(taps), weight)

    def pixel_layers(self) -> Iterator[Layer]:
        """Yield the layers of single pixels, if any of them has a weight."""
        crisp = torch.full_like(self.values[:, 0], self.settings.crisp)
        if self.settings.flat_crisp and (self.settings.kind == "learned" or self.has_colors):
            flat = self.target.flat[:, 0]
            # A color that the palette lacks, and cannot get, must be mixed.
            if self.settings.kind != "learned":
                flat = flat & self.is_exact
            crisp += self.settings.flat_crisp * flat
        if not bool(crisp.any()):
            return
        weights = self.seen_visibility * crisp
        for channel, scale in enumerate(self.scales):
            yield Layer(channel, _PIXEL_TAPS, weights, scale)

    def tone_layers(self) -> Iterator[Layer]:
        """Yield the layers of tones; the colors keep the weight that lightness must not outdo."""
        if not self.settings.tone:
            return
        places = (..., *(slice(_TONE_STRIDE // 2, None, _TONE_STRIDE),) * 2)
        visibility = self.visibility(_TONE_TAPS)
        weights = torch.zeros_like(visibility)
        weights[places] = visibility[places]
        for channel, scale in enumerate(self.scales):
            part = self.settings.tone * (self.settings.tone_color if channel else 1)
            scale_here = scale * part * _TONE_STRIDE**2
            yield Layer(channel, _TONE_TAPS, weights, scale_here, stride=_TONE_STRIDE)

    def discounts(self, cost: BlurredErrorCost) -> Iterator[Layer]:
        """Yield the linear layers that lower the price of a dot's own energy."""
        if not self.settings.discount or not self.has_colors:
            return
        colors = cost.color_moments(self.colors)[0, : len(self.mixing)]
        spread = LeastSpread.of(colors, _own_energies(cost))
        if spread is None:
            return
        seen = torch.stack(
            [
                filter_reflected(self.values[:, channel], taps)
                for channel, taps in enumerate(self.blurs)
            ],
            dim=1,
        )
        discount = self.settings.discount_for(colors.shape[1], is_line=len(spread.axes) == 1)
        prices = cost.variance_weights * spread.slope(seen) * -discount
        prices *= ~self.is_exact.unsqueeze(1)
        for channel, weights in enumerate(prices.unbind(dim=1)):
            yield Layer(channel, _PIXEL_TAPS, weights, is_linear=True)

    @property
    def has_colors(self) -> bool:
        """Return whether the palette is known."""
        return self.target.colors is not None

    @property
    def colors(self) -> Colors:
        """The palette; without colors if it is not known."""
        colors = self.target.colors
        return self.target.images.new_zeros((1, 0, len(self.mixing))) if colors is None else colors

    @cached_property
    def is_exact(self) -> Bool[Tensor, "b h w"]:
        """True at pixels whose color is in the palette."""
        known = color_codes(self.colors.movedim(2, 1).unsqueeze(2))
        return torch.isin(color_codes(self.target.images)[:, 0], known)


def _own_energies(cost: BlurredErrorCost) -> Float[Tensor, "c"]:
    """Return the own energy of a dot in each channel, relative to the weight of a window."""
    energies = torch.zeros(len(cost.mixing)).to(cost.values)
    for layer in cost.squared_layers:
        energies[layer.channel] += (
            layer.scale / layer.stride**2 * sum(t**2 for t in layer.taps) ** 2
        )
    return energies


def _eye_taps(spread_px: float) -> Taps:
    return gaussian_taps(spread_px, truncate=_TRUNCATE)
