"""The weighted squared error of blurred light: a cost whose expectation is exact and quadratic."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ditherlab.color import mix_channels, srgb_to_linear
from ditherlab.filtering import (
    Taps,
    filter_reflected,
    filter_reflected_products,
    filter_reflected_squared,
    reflected_weights,
)
from ditherlab.protocol import (
    Ability,
    Cost,
    PaletteEquations,
    PixelError,
    Target,
    keep_rows,
    rows_seen,
)
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
    Probs,
    Statistics,
    WindowWeights,
)

Planes = Float[Tensor, "*s b c h w"]

SQUARED_ERROR_ABILITIES: frozenset[Ability] = frozenset(
    {"value", "gradient", "local", "statistics", "expectation", "quadratic"}
)


@dataclass(frozen=True)
class Layer:
    """One way of seeing the error: a blur for each channel, and what is visible where.

    Attributes:
        taps: The weights of the low-pass of each channel.
        weights: What a squared error of each channel costs at each blurred pixel.
    """

    taps: tuple[Taps, ...]
    weights: Images

    def blur(self, planes: Planes) -> Planes:
        """Blur every channel with its own low-pass; borders reflect."""
        if len(set(self.taps)) == 1:
            return filter_reflected(planes, self.taps[0])
        parts = planes.unbind(dim=-3)
        blurred = [
            filter_reflected(part, taps) for part, taps in zip(parts, self.taps, strict=True)
        ]
        return torch.stack(blurred, dim=-3)

    def share(self, rows: int, columns: int) -> Images:
        """Return what the squared weights of two pixels, so far apart, have in common."""
        planes = zip(self.weights.unbind(dim=1), self.taps, strict=True)
        shared = [filter_reflected_products(plane, taps, rows, columns) for plane, taps in planes]
        return torch.stack(shared, dim=1)

    def price_variance(self) -> Images:
        """Return what the variance of each pixel costs: `h^2 * w`, as `h` is symmetric."""
        planes = zip(self.weights.unbind(dim=1), self.taps, strict=True)
        return torch.stack([filter_reflected_squared(plane, taps) for plane, taps in planes], dim=1)

    def restrict(self, rows: range, seen: slice) -> "Layer":
        """Keep the windows in some rows, of pictures cut to those that are seen."""
        return Layer(self.taps, keep_rows(self.weights, rows)[..., seen, :])


@dataclass(frozen=True, eq=False)
class BlurredErrorCost(Cost):
    """`f(X) = sum_l sum_j w_lj (h_l * (M X - y))_j^2` in linear light, over channels and layers.

    For independent pixels `E f(X) = sum_l sum_j w_lj [(h_l * (E M X - y))_j^2 + (h_l^2 * Var)_j]`,
    with `h` folded at the borders before it is squared.

    Attributes:
        target: The source.
        mixing: `M`: priced channels from those of linear light.
        values: `y`: the source in the priced channels.
        layers: The ways in which the error is seen, at least one.
        variance_weights: What the variance of each pixel costs.
    """

    abilities: frozenset[Ability]
    target: Target
    mixing: Float[Tensor, "c r"]
    values: Images
    layers: tuple[Layer, ...]
    variance_weights: Images

    @classmethod
    def of(
        cls,
        target: Target,
        mixing: Float[Tensor, "c r"],
        values: Images,
        layers: tuple[Layer, ...],
    ) -> "BlurredErrorCost":
        """Find what the variance of each pixel costs, which never changes."""
        variance_weights = sum(layer.price_variance() for layer in layers) * target.opaque
        return cls(SQUARED_ERROR_ABILITIES, target, mixing, values, layers, variance_weights)

    def cost(self, images: DrawnImages) -> DrawCosts:
        return self.cost_map(images).sum(dim=(2, 3))

    @property
    def footprint_px(self) -> int:
        return max(len(taps) for layer in self.layers for taps in layer.taps) // 2

    def cost_map(self, images: DrawnImages) -> CostMap:
        error = self._error(mix_channels(srgb_to_linear(images), self.mixing, dim=2))
        return self.map_from_statistics(self.gather(self._repeat(error)))

    def restrict(self, rows: range, halo_px: int) -> Cost:
        seen = rows_seen(rows, halo_px, self.values.shape[-2])
        layers = tuple(layer.restrict(rows, seen) for layer in self.layers)
        target, values = self.target.cut(seen), self.values[..., seen, :]
        return BlurredErrorCost.of(target, self.mixing, values, layers)

    @property
    def num_moments(self) -> int:
        return 2 * len(self.mixing)

    def color_moments(self, palette: Colors) -> MomentTable:
        channels = mix_channels(srgb_to_linear(palette), self.mixing, dim=2)
        return torch.cat([channels, channels.square()], dim=2).mT

    @property
    def num_statistics(self) -> int:
        return len(self.layers) * len(self.mixing)

    def features(self, moments: DrawnMoments) -> Statistics:
        return self._repeat(self._error(moments.chunk(2, dim=2)[0]))

    def gather(self, features: Statistics) -> Statistics:
        parts = zip(self.layers, features.chunk(len(self.layers), dim=2), strict=True)
        return torch.cat([layer.blur(part) for layer, part in parts], dim=2)

    def window_weights(self, rows: int, columns: int) -> WindowWeights:
        height, width = self.values.shape[-2:]
        weights = [
            reflected_weights(height, taps, rows).unsqueeze(1)
            * reflected_weights(width, taps, columns)
            for layer in self.layers
            for taps in layer.taps
        ]
        return torch.stack(weights).to(self.values)

    def map_from_statistics(self, statistics: Statistics) -> CostMap:
        parts = zip(self.layers, statistics.chunk(len(self.layers), dim=2), strict=True)
        maps = [(layer.weights * part.square()).sum(dim=2) for layer, part in parts]
        return torch.stack(maps).sum(dim=0)

    @property
    def num_expected_moments(self) -> int:
        return self.num_moments

    def expected_color_moments(self, palette: Colors) -> MomentTable:
        return self.color_moments(palette)

    def expected_from_moments(self, moments: Moments) -> PictureCosts:
        mean, mean_square = moments.chunk(2, dim=1)
        error = self._error(mean)
        loss = self.variance_weights * (mean_square - mean.square())
        for layer in self.layers:
            loss = loss + layer.weights * layer.blur(error).square()
        return loss.sum(dim=(1, 2, 3))

    def expected_with_field(self, moments: Moments) -> tuple[PictureCosts, Moments]:
        mean, mean_square = moments.chunk(2, dim=1)
        error = self._error(mean)
        value = (self.variance_weights * (mean_square - mean.square())).sum(dim=(1, 2, 3))
        slope = self.variance_weights * mean * -2
        for layer in self.layers:
            seen = layer.blur(error)
            weighted = layer.weights * seen
            value = value + (weighted * seen).sum(dim=(1, 2, 3))
            slope.addcmul_(layer.blur(weighted), self.target.opaque.to(slope), value=2)
        return value, torch.cat([slope, self.variance_weights], dim=1)

    def pair_weights(self, rows: int, columns: int) -> Moments:
        shared = sum(layer.share(rows, columns) for layer in self.layers)
        # What wraps around has nothing in common.
        partners = self.target.opaque.roll((-rows, -columns), dims=(-2, -1))
        pairs = shared * 2 * (self.target.opaque & partners)
        return torch.cat([pairs, torch.zeros_like(pairs)], dim=1)

    def pixel_error(self) -> PixelError:
        weights = sum(layer.weights for layer in self.layers)
        return PixelError(self.values, weights * self.target.opaque)

    def palette_equations(self, probs: Probs) -> PaletteEquations:
        colors = probs[0] * self.target.opaque[0]
        num_channels, num_lights = self.mixing.shape
        num_colors = len(colors)
        flat = colors.flatten(1)
        size = num_lights * num_colors
        matrix = colors.new_zeros((size, size), dtype=torch.float64)
        right = colors.new_zeros(size, dtype=torch.float64)
        blurred: dict[Taps, Tensor] = {}
        for layer in self.layers:
            for channel in range(num_channels):
                taps = layer.taps[channel]
                if taps not in blurred:
                    blurred[taps] = filter_reflected(colors, taps).flatten(1)
                seen, weights = blurred[taps], layer.weights[0, channel].flatten()
                seen_values = filter_reflected(
                    (self.values * self.target.opaque)[0, channel], taps
                ).flatten()
                mixing = self.mixing[channel].double()
                weighted = seen * weights
                matrix += torch.kron(torch.outer(mixing, mixing), (weighted @ seen.T).double())
                right += torch.kron(mixing, (weighted @ seen_values).double())
        for channel in range(num_channels):
            prices = self.variance_weights[0, channel].flatten()
            spread = torch.diag(flat @ prices) - (flat * prices) @ flat.T
            mixing = self.mixing[channel].double()
            matrix += torch.kron(torch.outer(mixing, mixing), spread.double())
        return PaletteEquations(matrix, right)

    def _error(self, values: Planes) -> Planes:
        return (values - self.values) * self.target.opaque

    def _repeat(self, error: Planes) -> Planes:
        return torch.cat([error] * len(self.layers), dim=2)
