"""The interface of a cost, an objective bound to its target, and its abilities."""

from abc import ABC
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from operator import add
from typing import Literal, final

import torch
from jaxtyping import Float
from torch import Tensor

from ditherlab.errors import AbilityError
from ditherlab.kernels import QuadraticForm
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import (
    Colors,
    CostMap,
    DrawCosts,
    DrawnImages,
    DrawnMoments,
    Images,
    Mask,
    Moments,
    MomentTable,
    PictureCosts,
    Probs,
    Statistics,
    WindowWeights,
)
from ditherlab.vision.flatness import flat_pixels

Ability = Literal["value", "gradient", "local", "statistics", "expectation", "quadratic"]


@dataclass(frozen=True)
class Target:
    """The pictures that drawn pictures shall look like.

    Attributes:
        images: Display sRGB; one channel if only luminance counts.
        opaque: False at transparent pixels, where nothing is drawn or priced.
        colors: The palette, display sRGB, `[1 k c]`, if it is fixed and known; else None.
    """

    images: Images
    opaque: Mask
    colors: Colors | None = None

    @cached_property
    def flat(self) -> Mask:
        """True at pixels of flat areas and line art."""
        return flat_pixels(self.images)

    @property
    def num_opaque(self) -> Float[Tensor, "b"]:
        """The number of opaque pixels, at least 1."""
        return self.opaque.sum(dim=(1, 2, 3)).clamp_min(1).to(self.images.dtype)

    def split(self) -> "tuple[Target, ...]":
        """Return the target of each picture."""
        pairs = zip(self.images.split(1), self.opaque.split(1), strict=True)
        return tuple(replace(self, images=images, opaque=opaque) for images, opaque in pairs)

    def cut(self, rows: slice) -> "Target":
        """Return some rows of the target."""
        return replace(self, images=self.images[..., rows, :], opaque=self.opaque[..., rows, :])

    def fill_transparent(self, drawn: Float[Tensor, "*s b c h w"]) -> Float[Tensor, "*s b c h w"]:
        """Replace drawn values at transparent pixels by those of the target, which cost nothing."""
        return torch.where(self.opaque, drawn, self.images)


@dataclass(frozen=True)
class PixelError:
    """A squared error of single pixels, as error diffusion uses it.

    Attributes:
        values: The target value of every pixel, in the space of the cost's first moments.
        weights: The cost of a unit squared deviation at every pixel.
    """

    values: Images
    weights: Images

    def price(self, color: Float[Tensor, "c"]) -> Float[Tensor, "b h w"]:
        """Return the cost of showing one color at each pixel, given in the space of the values."""
        return ((self.values - color[:, None, None]).square() * self.weights).sum(dim=1)


@dataclass(frozen=True)
class PaletteEquations:
    """An expected cost `x' A x - 2 x' b` of the palette's linear light `x`, all else fixed.

    They lie on the host in double precision, whatever the device of the pictures.

    Attributes:
        matrix: `A`; the colors of the first channel come first.
        right: `b`.
    """

    matrix: Float[Tensor, "n n"]
    right: Float[Tensor, "n"]

    @classmethod
    def of_channels(
        cls,
        mixing: Float[Tensor, "c r"],
        matrices: Float[Tensor, "c k k"],
        rights: Float[Tensor, "c k"],
    ) -> "PaletteEquations":
        """Make the equations of a cost that is a sum over channels.

        Args:
            mixing: From linear light to the channels.
            matrices: `A` of each channel, in the channel's values of the colors.
            rights: `b` of each channel.
        """
        channels = zip(mixing.to(matrices), matrices, rights, strict=True)
        parts = [
            cls(torch.kron(torch.outer(row, row), matrix), torch.kron(row, right))
            for row, matrix, right in channels
        ]
        return reduce(add, parts)

    def __add__(self, other: "PaletteEquations") -> "PaletteEquations":
        return PaletteEquations(self.matrix + other.matrix, self.right + other.right)


class Cost(ABC):
    """An objective bound to its target: prices drawn pictures, in `value` and in expectation.

    A concrete cost overrides the methods of the abilities that it declares.
    """

    abilities: frozenset[Ability]

    @property
    def is_expectation_exact(self) -> bool:
        """True if `expected`, if offered, is exact; False if it is of second order."""
        return True

    def cost(self, images: DrawnImages) -> DrawCosts:
        """Price drawn pictures (ability `value`; differentiable in the pixels with `gradient`)."""
        raise self._lacks("value")

    def price_draws(self, images: DrawnImages, shares: DrawCosts | None = None) -> DrawCosts:
        """Price the drawn pictures whose mean cost is the value of an estimate (ability `value`).

        A cost that has parameters of its own can follow the derivative of that value from here.

        Args:
            images: The drawn pictures, without mixed colors.
            shares: The weight of each draw in the value; None for equal weights.
        """
        del shares
        return self.cost(images)

    def differentiate_draws(
        self, images: DrawnImages, shares: DrawCosts | None = None
    ) -> tuple[DrawCosts, DrawnImages]:
        """Price drawn pictures as `price_draws` does, and differentiate each price in its pixels.

        Part of the ability `gradient`.
        """
        del shares
        return self.price_with_gradient(images)

    @property
    def footprint_px(self) -> int:
        """The radius of influence of a pixel, in rows and columns (ability `local`)."""
        raise self._lacks("local")

    def cost_map(self, images: DrawnImages) -> CostMap:
        """Split the cost over the pixels' windows; the map sums to `cost` (ability `local`).

        The entry at pixel `j` depends on no pixel further from `j` than `footprint_px`.
        """
        raise self._lacks("local")

    def restrict(self, rows: range, halo_px: int) -> "Cost":
        """Price the windows in some rows only, of pictures cut to `rows_seen` (ability `local`).

        Args:
            rows: The center rows of the windows that count; other windows cost nothing.
            halo_px: At least `footprint_px`.
        """
        raise self._lacks("local")

    @property
    def num_moments(self) -> int:
        """Number of moments of a color that the statistics use (ability `statistics`)."""
        raise self._lacks("statistics")

    def color_moments(self, palette: Colors) -> MomentTable:
        """Return the moments of each color that the statistics use: its value, its square.

        Part of the ability `statistics`; differentiable in the palette.
        """
        raise self._lacks("statistics")

    @property
    def num_statistics(self) -> int:
        """Number of statistics of each window (ability `statistics`)."""
        raise self._lacks("statistics")

    def features(self, moments: DrawnMoments) -> Statistics:
        """Return the contribution of each pixel to its windows, from its moments: x, x^2, x y.

        Part of the ability `statistics`; computed pixel by pixel, affine, differentiable.
        """
        raise self._lacks("statistics")

    def gather(self, features: Statistics) -> Statistics:
        """Return the statistics of each window: the weighted sum of the features in it.

        Part of the ability `statistics`; linear, differentiable.
        """
        raise self._lacks("statistics")

    def window_weights(self, rows: int, columns: int) -> WindowWeights:
        """Return the weight of the pixel `rows` below and `columns` right of each window's center.

        Part of the ability `statistics`; 0 if the pixel or the window does not exist.
        """
        raise self._lacks("statistics")

    @final
    def statistics(self, moments: DrawnMoments) -> Statistics:
        """Return the statistics of each window: affine in the pixels' moments, hence in one-hots.

        Part of the ability `statistics`; differentiable.
        """
        return self.gather(self.features(moments))

    def map_from_statistics(self, statistics: Statistics) -> CostMap:
        """Price each window by its statistics; for those of a drawn picture, this is `cost_map`.

        Part of the ability `statistics`; computed window by window, differentiable.
        """
        raise self._lacks("statistics")

    @property
    def num_expected_moments(self) -> int:
        """Number of moments of a color that the expected cost uses (ability `expectation`)."""
        raise self._lacks("expectation")

    def expected_color_moments(self, palette: Colors) -> MomentTable:
        """Return the moments of each color that the expected cost uses: its value, its square, ...

        Part of the ability `expectation`; differentiable in the palette.
        """
        raise self._lacks("expectation")

    def expected_from_moments(self, moments: Moments) -> PictureCosts:
        """Price the expected moments of every pixel (ability `expectation`), differentiably."""
        raise self._lacks("expectation")

    def expected_with_field(self, moments: Moments) -> tuple[PictureCosts, Moments]:
        """Price expected moments and differentiate the price in them (ability `expectation`)."""
        with torch.enable_grad():
            leaves = moments.detach().requires_grad_()
            values = self.expected_from_moments(leaves)
            (field,) = torch.autograd.grad(values.sum(), leaves)
        return values.detach(), field

    def pair_weights(self, rows: int, columns: int) -> Moments:
        """Return the interaction weights of pairs of pixels (ability `quadratic`).

        If the moments of pixel `i` change by `a`, and those of the pixel `d` = (`rows`, `columns`)
        further on by `b`, the cost changes by the sum of both changes alone, plus
        `sum_m weights[m, i] a_m b_m`. The weight is 0 if there is no such pixel.
        """
        raise self._lacks("quadratic")

    def pixel_error(self) -> PixelError:
        """Return the squared error of single pixels, without blur (ability `quadratic`)."""
        raise self._lacks("quadratic")

    def palette_equations(self, probs: Probs) -> PaletteEquations:
        """Return the expected cost as a function of the palette alone (ability `quadratic`)."""
        raise self._lacks("quadratic")

    @property
    def quadratic_forms(self) -> Sequence[QuadraticForm]:
        """The cost of each picture for the compiled kernels; empty if they do not know it."""
        return ()

    @final
    def expected(self, probs: Probs, palette: Colors) -> PictureCosts:
        """Return the expected cost of a picture drawn from `probs` (ability `expectation`)."""
        table = self.expected_color_moments(palette)
        return self.expected_from_moments(mix_moments(table, probs))

    def estimate_expected(self, model: Categorical, generator: torch.Generator) -> PictureCosts:
        """Return the expected cost if it is known exactly, else the price of one drawn picture.

        Its mean is the expected cost in any case, unlike that of an approximate `expected`.
        """
        if "expectation" in self.abilities and self.is_expectation_exact:
            return self.expected(model.probs, model.palette)
        return self.cost(model.images(model.draw_indices(1, generator)))[0]

    def price_with_gradient(self, images: DrawnImages) -> tuple[DrawCosts, DrawnImages]:
        """Price pictures and differentiate each price in its pixels (ability `gradient`)."""
        with torch.enable_grad():
            leaves = images.detach().requires_grad_()
            costs = self.cost(leaves)
            (gradient,) = torch.autograd.grad(costs.sum(), leaves)
        return costs.detach(), gradient

    def close(self) -> None:
        """Release resources such as worker processes; most costs hold none."""
        return

    def _lacks(self, ability: Ability) -> AbilityError:
        return AbilityError(f"`{type(self).__name__}` does not offer `{ability}`.")


def mix_moments(table: MomentTable, probs: Probs) -> Moments:
    """Return the expected moments of every pixel."""
    b, _, h, w = probs.shape
    # Picture by picture, because a batched product of such flat matrices is several times slower.
    products = [rows @ flat for rows, flat in zip(table, probs.flatten(2), strict=True)]
    return torch.stack(products).view(b, -1, h, w)


def rows_seen(rows: range, halo_px: int, height: int) -> slice:
    """Return the rows of pixels in the windows whose centers are in `rows`.

    They are at least as many as the height of a window.

    Example:
        >>> rows_seen(range(4, 6), 2, 20), rows_seen(range(0, 1), 2, 20)
        (slice(2, 8, None), slice(0, 5, None))
    """
    window = 2 * halo_px + 1
    top = max(0, min(rows.start - halo_px, height - window))
    return slice(top, min(height, max(rows.stop + halo_px, window)))


def keep_rows(weights: Float[Tensor, "*b h w"], rows: range) -> Float[Tensor, "*b h w"]:
    """Return weights that are zero outside some rows."""
    kept = torch.zeros_like(weights)
    kept[..., rows.start : rows.stop, :] = weights[..., rows.start : rows.stop, :]
    return kept
