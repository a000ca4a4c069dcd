"""Costs of a drawn picture with another color at one pixel, for every pixel at once."""

from collections.abc import Iterator
from itertools import product
from types import EllipsisType
from typing import Literal, TypeAlias

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from ditherlab.protocol import Ability, Cost
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import Indices

Replacing = Literal["closed", "phases"]
"""`closed`: update the statistics of the windows around each pixel; `phases`: price pictures in
which a lattice of pixels, none of which share a window, is replaced."""

Replacements = Int[Tensor, "a s b h w"]
"""Pictures of other palette indices: `a` of them for each draw."""

Changes = Float[Tensor, "a s b h w"]
"""The change of the cost of the whole picture if that pixel alone is replaced."""

Places: TypeAlias = tuple[EllipsisType, slice, slice]

# Costs that are updated at once, and those of them whose statistics fit into the cache of a core.
_MOST_NUMBERS = 1 << 19
_CACHED_NUMBERS = 1 << 15


def abilities_for(pricing: Replacing) -> frozenset[Ability]:
    """Return the abilities that the objective must offer."""
    return frozenset({"value", "local", "statistics" if pricing == "closed" else "local"})


def takes_slopes(cost: Cost, pricing: Replacing) -> bool:
    """Return whether slopes price replacements: the cost must be linear in each pixel's one-hot."""
    is_exact = "expectation" in cost.abilities and cost.is_expectation_exact
    return pricing == "closed" and is_exact


def count_maps(num_pictures: int, indices: Indices, cost: Cost, pricing: Replacing) -> int:
    """Return the number of cost maps that pricing replacing pictures takes, beside the draws'."""
    if takes_slopes(cost, pricing):
        return 0
    reach = 2 * cost.footprint_px + 1
    height, width = indices.shape[-2:]
    return num_pictures * min(reach, height) * min(reach, width)


def count_backward_passes(indices: Indices, cost: Cost, pricing: Replacing) -> int:
    """Return the number of backward passes that pricing replacing pictures takes."""
    return len(indices) if takes_slopes(cost, pricing) else 0


def num_planes(num_replacements: int, num_channels: int) -> float:
    """Return the measured memory of pricing replacing pictures, in numbers per pixel."""
    return 28.0 * num_channels * num_replacements


@torch.no_grad()
def price_replacements(
    indices: Indices, replacements: Replacements, model: Categorical, cost: Cost, pricing: Replacing
) -> Changes:
    """Return `f(x with x_i = r_i) - f(x)` for every pixel `i` of every replacing picture `r`.

    Both methods are exact. They cost as much as `(2 r + 1)^2` cost maps for each replacing picture,
    with the radius `r` of a pixel's influence. If the objective's expectation is exact, `closed`
    takes the slope of the expected cost at the draw instead: the expectation is linear in the
    probabilities of each pixel.

    Args:
        indices: Drawn pictures.
        replacements: Other pictures for each of them.
        model: The model, for its palette.
        cost: Must offer `abilities_for(pricing)`.
        pricing: The method.
    """
    price = _price_closed if pricing == "closed" else _price_in_phases
    if takes_slopes(cost, pricing):
        price = _price_by_slopes
    # A few draws at a time, because the windows of all their replacements are many.
    size = max(1, _MOST_NUMBERS // replacements[:, 0].numel())
    parts = zip(indices.split(size), replacements.split(size, dim=1), strict=True)
    return torch.cat([price(draws, others, model, cost) for draws, others in parts], dim=1)


def _price_by_slopes(
    indices: Indices, replacements: Replacements, model: Categorical, cost: Cost
) -> Changes:
    """Take the slope of the expected cost of each draw along the colors of each pixel."""
    table = cost.expected_color_moments(model.palette)
    drawn = Categorical(model.probs, table.mT).images(indices)
    prices = [
        torch.einsum("bmk,bmhw->bkhw", table, cost.expected_with_field(moments)[1])
        for moments in drawn
    ]
    of_colors = torch.stack(prices)
    others = of_colors.gather(2, replacements.permute(1, 2, 0, 3, 4))
    return (others - of_colors.gather(2, indices.unsqueeze(2))).permute(2, 0, 1, 3, 4)


def _price_closed(
    indices: Indices, replacements: Replacements, model: Categorical, cost: Cost
) -> Changes:
    """Add the change of each pixel's feature to the statistics of its windows, offset by offset."""
    moments = Categorical(model.probs, cost.color_moments(model.palette).mT)
    features = cost.features(moments.images(indices))
    statistics = cost.gather(features)
    costs = cost.map_from_statistics(statistics)
    others = cost.features(moments.images(replacements.flatten(0, 1)))
    steps = others.view(len(replacements), *features.shape) - features
    changes = costs.new_zeros(replacements.shape)
    part = max(1, _CACHED_NUMBERS // indices.numel())
    moved = statistics.repeat(min(part, len(replacements)), *(1 for _ in statistics.shape))
    for rows, columns in _offsets(cost.footprint_px, indices.shape[-2:]):
        weights = cost.window_weights(rows, columns)
        windows, pixels = _pair_places(rows, columns)
        for some_steps, some_changes in zip(steps.split(part), changes.split(part), strict=True):
            # Windows without a pixel at this offset keep older statistics, and are not looked at.
            mine = moved[: len(some_steps)]
            torch.addcmul(
                statistics[windows], some_steps[pixels], weights[windows], out=mine[windows]
            )
            priced = cost.map_from_statistics(mine.flatten(0, 1)).view(some_changes.shape)
            some_changes[pixels] += priced[windows] - costs[windows]
    return changes


def _offsets(radius: int, size: torch.Size) -> Iterator[tuple[int, int]]:
    """Yield all offsets between a window's center and a pixel that occur in a picture."""
    down, right = (min(radius, length - 1) for length in size)
    return product(range(-down, down + 1), range(-right, right + 1))


def _pair_places(rows: int, columns: int) -> tuple[Places, Places]:
    """Return the places of the windows that have a pixel at an offset, and of these pixels."""
    windows, pixels = (
        (
            ...,
            slice(max(0, -down), -down if down > 0 else None),
            slice(max(0, -right), -right if right > 0 else None),
        )
        for down, right in ((rows, columns), (-rows, -columns))
    )
    return windows, pixels


def _price_in_phases(
    indices: Indices, replacements: Replacements, model: Categorical, cost: Cost
) -> Changes:
    """Replace all pixels of a lattice at once, so far apart that no window contains two of them."""
    before = model.images(indices)
    costs = cost.cost_map(before)
    after = model.images(replacements.flatten(0, 1))
    changes = costs.new_empty(replacements.shape)
    pitch = 2 * cost.footprint_px + 1
    height, width = indices.shape[-2:]
    for top in range(min(pitch, height)):
        for left in range(min(pitch, width)):
            images = before.repeat(len(replacements), 1, 1, 1, 1)
            images[..., top::pitch, left::pitch] = after[..., top::pitch, left::pitch]
            gains = cost.cost_map(images).view(changes.shape) - costs
            changes[..., top::pitch, left::pitch] = sum_cells(gains, top, left, pitch)
    return changes


def sum_cells(gains: Changes, top: int, left: int, pitch: int) -> Tensor:
    """Sum the windows around each pixel of a lattice that starts at (top, left)."""
    height, width = gains.shape[-2:]
    num_rows, num_columns = -(-(height - top) // pitch), -(-(width - left) // pitch)
    above, before = pitch // 2 - top, pitch // 2 - left
    below = num_rows * pitch - height - above
    after = num_columns * pitch - width - before
    padded = pad(gains.flatten(0, 2), (before, after, above, below))
    cells = avg_pool2d(padded, pitch, divisor_override=1)
    sums: Tensor = cells.unflatten(0, gains.shape[:3])
    return sums


def one_picture_per_color(indices: Indices, model: Categorical) -> Replacements:
    """Return pictures of one palette color each, for every color and draw."""
    num_colors = model.probs.shape[1]
    colors = torch.arange(num_colors, device=indices.device).view(-1, 1, 1, 1, 1)
    return colors.expand(-1, *indices.shape)


def all_color_changes(
    indices: Indices, model: Categorical, cost: Cost, pricing: Replacing
) -> Float[Tensor, "s b k h w"]:
    """Price every color at every pixel of each draw: `f(x with x_i = k) - f(x)`."""
    replacements = one_picture_per_color(indices, model)
    return price_replacements(indices, replacements, model, cost, pricing).movedim(0, 2)
