"""The weighted squared error of blurred light: a cost whose expectation is exact and quadratic."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from operator import add

import torch
from jaxtyping import Float
from torch import Tensor

from ditherlab.devices import to_host
from ditherlab.kernels import FormLayer, QuadraticForm
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
from ditherlab.vision.color import mix_channels, srgb_to_linear
from ditherlab.vision.filtering import (
    Taps,
    filter_reflected,
    filter_reflected_products,
    filter_reflected_squared,
    reflected_weights,
)

Planes = Float[Tensor, "b h w"]
Channels = Float[Tensor, "*s b c h w"]

SQUARED_ERROR_ABILITIES: frozenset[Ability] = frozenset(
    {"value", "gradient", "local", "statistics", "expectation", "quadratic"}
)


@dataclass(frozen=True)
class Layer:
    """One term of the error of one channel: a blur, and the weight of each blurred pixel.

    Attributes:
        channel: Index of the channel.
        taps: The filter weights of the low-pass.
        weights: The cost of a unit squared error at each blurred pixel; layers may share them.
        scale: A factor on the weights.
        is_linear: Whether the error of single pixels is priced, not its square.
        stride: Only every so many rows and columns have windows, from half of it; the weights of
            all others are 0.
    """

    channel: int
    taps: Taps
    weights: Planes
    scale: float = 1.0
    is_linear: bool = False
    stride: int = 1

    @property
    def scaled_weights(self) -> Planes:
        """The weights with their factor."""
        return self.weights if self.scale == 1 else self.weights * self.scale

    def blur(self, planes: Planes) -> Planes:
        """Blur planes of the channel; borders reflect."""
        return filter_reflected(planes, self.taps)

    def restrict(self, rows: range, seen: slice) -> "Layer":
        """Restrict the layer to windows in some rows, for pictures cut to the rows `seen`."""
        return replace(self, weights=keep_rows(self.weights, rows)[..., seen, :], stride=1)


@dataclass(frozen=True, eq=False)
class BlurredErrorCost(Cost):
    """`f(X) = sum_l sum_j w_lj (h_l * (M X - y)_c)_j^2` in linear light, `c` the layer's channel.

    Linear layers add `sum_j w_lj (M X - y)_cj`. For independent pixels

        E f(X) = sum_l sum_j w_lj [(h_l * (E M X - y)_c)_j^2 + (h_l^2 * Var)_j],

    with `h` mirrored at the borders before it is squared.

    Attributes:
        target: The target.
        mixing: `M`: the matrix from linear light to the priced channels.
        values: `y`: the target in the priced channels.
        layers: The terms of the error, at least one for each channel; linear ones come last.
    """

    abilities: frozenset[Ability]
    target: Target
    mixing: Float[Tensor, "c r"]
    values: Images
    layers: tuple[Layer, ...]

    @classmethod
    def of(
        cls,
        target: Target,
        mixing: Float[Tensor, "c r"],
        values: Images,
        layers: tuple[Layer, ...],
    ) -> "BlurredErrorCost":
        """Make the cost with all abilities of a squared error."""
        return cls(SQUARED_ERROR_ABILITIES, target, mixing, values, layers)

    @cached_property
    def squared_layers(self) -> tuple[Layer, ...]:
        """The layers that are not linear."""
        return tuple(layer for layer in self.layers if not layer.is_linear)

    @cached_property
    def variance_weights(self) -> Images:
        """The cost of a unit variance of each pixel."""
        # `h` is symmetric, so the weight of each pixel's variance is `h^2 * w`.
        prices = _add_up(
            self.squared_layers,
            self.values,
            lambda x: filter_reflected_squared(x.scaled_weights, x.taps),
        )
        return prices * self.target.opaque

    @cached_property
    def quadratic_forms(self) -> Sequence[QuadraticForm]:
        return [self._form(number) for number in range(len(self.values))]

    def cost(self, images: DrawnImages) -> DrawCosts:
        return self.cost_map(images).sum(dim=(2, 3))

    @property
    def footprint_px(self) -> int:
        return max(len(layer.taps) for layer in self.layers) // 2

    def cost_map(self, images: DrawnImages) -> CostMap:
        error = self._error(mix_channels(srgb_to_linear(images), self.mixing, dim=2))
        return self.map_from_statistics(self.gather(self._pick(error)))

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
        return len(self.layers)

    def features(self, moments: DrawnMoments) -> Statistics:
        return self._pick(self._error(moments.chunk(2, dim=2)[0]))

    def gather(self, features: Statistics) -> Statistics:
        parts = zip(self.layers, features.unbind(dim=2), strict=True)
        return torch.stack([layer.blur(part) for layer, part in parts], dim=2)

    def window_weights(self, rows: int, columns: int) -> WindowWeights:
        height, width = self.values.shape[-2:]
        weights = [
            reflected_weights(height, layer.taps, rows).unsqueeze(1)
            * reflected_weights(width, layer.taps, columns)
            for layer in self.layers
        ]
        return torch.stack(weights).to(self.values)

    def map_from_statistics(self, statistics: Statistics) -> CostMap:
        weights = torch.stack([layer.scaled_weights for layer in self.layers], dim=1)
        num_squared = len(self.squared_layers)
        squared, linear = statistics[:, :, :num_squared], statistics[:, :, num_squared:]
        costs = (weights[:, :num_squared] * squared.square()).sum(dim=2)
        return costs + (weights[:, num_squared:] * linear).sum(dim=2)

    @property
    def num_expected_moments(self) -> int:
        return self.num_moments

    def expected_color_moments(self, palette: Colors) -> MomentTable:
        return self.color_moments(palette)

    def expected_from_moments(self, moments: Moments) -> PictureCosts:
        mean, mean_square = moments.chunk(2, dim=1)
        error = self._error(mean)
        costs = (self.variance_weights * (mean_square - mean.square())).sum(dim=(1, 2, 3))
        for layer in self.layers:
            seen = layer.blur(error[:, layer.channel])
            powers = seen if layer.is_linear else seen.square()
            costs = costs + (layer.scaled_weights * powers).sum(dim=(1, 2))
        return costs

    def expected_with_field(self, moments: Moments) -> tuple[PictureCosts, Moments]:
        mean, mean_square = moments.chunk(2, dim=1)
        error = self._error(mean)
        value = (self.variance_weights * (mean_square - mean.square())).sum(dim=(1, 2, 3))
        slopes = self.variance_weights.expand_as(mean)
        field = torch.cat([mean * slopes * -2, slopes], dim=1)
        opaque = self.target.opaque[:, 0].to(field)
        for layer in self.layers:
            seen = layer.blur(error[:, layer.channel])
            if layer.is_linear:
                value = value + (layer.scaled_weights * seen).sum(dim=(1, 2))
                field[:, layer.channel] += layer.scaled_weights * opaque
                continue
            weighted = layer.scaled_weights * seen
            value = value + (weighted * seen).sum(dim=(1, 2))
            field[:, layer.channel].addcmul_(layer.blur(weighted), opaque, value=2)
        return value, field

    def pair_weights(self, rows: int, columns: int) -> Moments:
        shared = _add_up(
            self.squared_layers,
            self.values,
            lambda x: filter_reflected_products(x.scaled_weights, x.taps, rows, columns),
        )
        # Pixels paired across the border by `roll` share no weight.
        partners = self.target.opaque.roll((-rows, -columns), dims=(-2, -1))
        pairs = shared * 2 * (self.target.opaque & partners)
        return torch.cat([pairs, torch.zeros_like(pairs)], dim=1)

    def pixel_error(self) -> PixelError:
        weights = _add_up(self.squared_layers, self.values, lambda layer: layer.scaled_weights)
        return PixelError(self.values, weights * self.target.opaque)

    def palette_equations(self, probs: Probs) -> PaletteEquations:
        if len(probs) > 1:
            return reduce(
                add, (self._cut(n).palette_equations(probs[n : n + 1]) for n in range(len(probs)))
            )
        colors = probs[0] * self.target.opaque[0]
        values = (self.values * self.target.opaque)[0]
        flat = colors.flatten(1)
        blurred = {taps: filter_reflected(colors, taps) for taps in {x.taps for x in self.layers}}
        forms, pulls = [], []
        for layer in self.layers:
            seen, seen_values = blurred[layer.taps].flatten(1), layer.blur(values[layer.channel])
            weighted = seen * layer.scaled_weights[0].flatten()
            if layer.is_linear:
                forms.append(weighted.new_zeros((len(weighted), len(weighted))))
                pulls.append(weighted.sum(dim=1) / -2)
                continue
            forms.append(weighted @ seen.T)
            pulls.append(weighted @ seen_values.flatten())
        for prices in self.variance_weights[0].flatten(1):
            forms.append(torch.diag(flat @ prices) - (flat * prices) @ flat.T)
        # The spread of the colors of a pixel does not pull them anywhere.
        pulls += [torch.zeros_like(pulls[0])] * len(self.mixing)
        mixing, *sums = to_host(self.mixing, *forms, *pulls)
        half = len(forms)
        matrices, rights = (torch.stack(x).double() for x in (sums[:half], sums[half:]))
        channels = [*(layer.channel for layer in self.layers), *range(len(mixing))]
        return PaletteEquations.of_channels(mixing[channels], matrices, rights)

    def _cut(self, number: int) -> "BlurredErrorCost":
        """Return the cost of one picture."""
        one = slice(number, number + 1)
        layers = tuple(replace(layer, weights=layer.weights[one]) for layer in self.layers)
        return replace(
            self,
            target=self.target.split()[number],
            values=self.values[one],
            layers=layers,
        )

    def _form(self, number: int) -> QuadraticForm:
        layers = tuple(
            FormLayer(layer.channel, layer.taps, layer.weights[number], layer.scale, layer.stride)
            for layer in self.squared_layers
        )
        rest = [layer for layer in self.layers if layer.is_linear]
        linear = _add_up(rest, self.values, lambda layer: layer.scaled_weights)[number]
        return QuadraticForm(
            self.values[number],
            self.target.opaque[number, 0],
            layers,
            self.mixing,
            linear if rest else None,
        )

    def _error(self, values: Channels) -> Channels:
        return (values - self.values) * self.target.opaque

    def _pick(self, error: Channels) -> Channels:
        return torch.stack([error[..., x.channel, :, :] for x in self.layers], dim=-3)


def _add_up(layers: Sequence[Layer], like: Images, price: Callable[[Layer], Planes]) -> Images:
    """Sum a quantity of the layers over each channel."""
    total = torch.zeros_like(like)
    for layer in layers:
        total[:, layer.channel] += price(layer)
    return total
