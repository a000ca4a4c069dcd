"""The default objective: the error that a person sees from a given viewing distance."""

from dataclasses import dataclass, replace

from ditherlab.errors import RequestError
from ditherlab.objectives.blurred_error import SQUARED_ERROR_ABILITIES, BlurredErrorCost, Layer
from ditherlab.protocol import Ability, Cost, Objective, Target
from ditherlab.vision.color import lightness_slope, linear_to_opponent, mix_channels, srgb_to_linear
from ditherlab.vision.filtering import Taps, filter_reflected, gaussian_taps, map_rows
from ditherlab.vision.viewing import point_spread_px

# Used when no viewing distance is given: between a desktop monitor and a 4K monitor. The value is
# taken from the curve in `docs/quality.md`.
_UNKNOWN_DISTANCE = 45.0

# Greater distances are treated as this one: wider blurs have more local optima, and pictures made
# for 100 pixels per degree were worse at that distance than pictures made for 82.
_FARTHEST = 82.0

# The default `crisp` with learned colors: full up to the first distance, 0 from the second.
# Fixed palettes get none, because most of them need isolated dots, and would lose tones.
_NEAR, _FAR, _CRISP_WHEN_NEAR = 45.0, 67.0, 0.05

# Luminance below which a display's reflections keep steps from becoming more visible.
_DARKEST = 0.01

# The gains of L*, a* and b* with Y, X - Y and Y - Z, relative to that of L* with Y.
_GAINS = (1.0, 5 / 1.16, 2 / 1.16)

# The weight of squared errors of a* and b* relative to L*, measured on photos with learned and
# fixed palettes: noise in lightness disturbs more than noise in color.
_COLOR_WEIGHT = 0.5

# Lightness is also priced at other distances, given as a factor on the blur and a weight. The near
# one prevents noise that gains nothing at the viewing distance. The far one keeps tones right in
# the mean; without it, faint grays would lose their last dots.
_OTHER_DISTANCES = ((0.5, 0.1), (2.5, 2.0))

# The radius of the eye's blur, in standard deviations.
_TRUNCATE = 2.5


@dataclass(frozen=True)
class Perceptual(Objective):
    """Squared error in lightness and opponent colors, each after the eye's low-pass for it.

    Light is added and blurred in linear opponent channels: lightness, red against green, yellow
    against blue. The eye blurs colors more than lightness, so an optimized picture hides its noise
    in color: dots of equal lightness are the least visible. Errors are weighted by the slope of
    CIELAB's lightness at the blurred target, so that errors of equal visibility cost the same. With
    `h` the eye's low-pass of each channel, and `h'`, `h''` that of lightness at a closer and a
    farther distance,

        f(X) = mean_j [sum_c w_cj (h_c * e_c)_j^2 + w_1j (0.1 (h' * e_1)_j^2 + 2 (h'' * e_1)_j^2)]
               + crisp * mean_j sum_c w_cj e_cj^2,    e = M X - y.

    The expectation is exact. The cost is in units of a mean squared error of L*, a*, b* over 100.

    Source: Xuemei Zhang and Brian Wandell, "A Spatial Extension of CIELAB for Digital Color-Image
    Reproduction", SID 1996, for the channels' bandwidths; the main lobes of their point spreads.

    Attributes:
        pixels_per_degree: Pixels per degree of visual angle at the viewing distance: about 35 for a
            desktop monitor, 67 for a 4K monitor at 70 cm, 100 for a phone. Values above 82 are
            treated as 82. None means an unknown distance: 45.
        crisp: The weight of single pixels relative to blurred ones: 0 dithers freely, 0.1 is quiet,
            1 nearly forbids dithering. None means 0; with learned colors it means 0.05 up to 45
            pixels per degree, falling to 0 at 67.

    Raises:
        RequestError: If a number is out of its range.
    """

    pixels_per_degree: float | None = None
    crisp: float | None = None

    def __post_init__(self) -> None:
        if not 1 <= self._distance <= 600:
            raise RequestError(
                "The pixels per degree must be from 1 to 600, got "
                f"{self._distance:g}. 35 is a desktop monitor, 67 a 4K monitor at 70 cm, "
                "100 a phone."
            )
        if not 0 <= self._crisp_weight < float("inf"):
            raise RequestError(
                f"The weight `crisp` must be at least 0, got {self._crisp_weight:g}. Try 0.05."
            )

    @property
    def _distance(self) -> float:
        return _UNKNOWN_DISTANCE if self.pixels_per_degree is None else self.pixels_per_degree

    @property
    def _crisp_weight(self) -> float:
        return 0.0 if self.crisp is None else self.crisp

    @property
    def abilities(self) -> frozenset[Ability]:
        return SQUARED_ERROR_ABILITIES

    @property
    def min_size_px(self) -> int:
        return 1

    def suited_to(self, *, learned_palette: bool) -> "Perceptual":
        if self.crisp is not None or not learned_palette:
            return self
        nearness = (_FAR - self._distance) / (_FAR - _NEAR)
        crisp = _CRISP_WHEN_NEAR * min(1.0, max(0.0, nearness))
        return replace(self, crisp=round(crisp, 4))

    def bind(self, target: Target) -> Cost:
        num_channels = target.images.shape[1]
        mixing = linear_to_opponent(num_channels).to(target.images)
        values = map_rows(
            lambda rows: mix_channels(srgb_to_linear(rows), mixing, dim=1), target.images
        )
        spreads = point_spread_px(min(self._distance, _FARTHEST), num_channels)
        taps = [_taps(spread) for spread in spreads]
        slope = lightness_slope(filter_reflected(values[:, 0], taps[0]), darkest=_DARKEST)
        visibility = slope.square() * target.opaque[:, 0] / target.num_opaque.view(-1, 1, 1)
        scales = [gain**2 * (_COLOR_WEIGHT if c else 1) for c, gain in enumerate(_GAINS)]
        layers = [Layer(c, seen, visibility, scales[c]) for c, seen in enumerate(taps)]
        layers += [
            Layer(0, _taps(spreads[0] * distance), visibility, scales[0] * weight)
            for distance, weight in _OTHER_DISTANCES
        ]
        if self._crisp_weight:
            pixel = gaussian_taps(0.0)
            layers += [
                Layer(c, pixel, visibility, scale * self._crisp_weight)
                for c, scale in enumerate(scales[:num_channels])
            ]
        return BlurredErrorCost.of(target, mixing, values, tuple(layers))


def _taps(spread_px: float) -> Taps:
    return gaussian_taps(spread_px, truncate=_TRUNCATE)
