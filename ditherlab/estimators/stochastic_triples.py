"""Stochastic triples: jumps to neighboring colors, weighted by the derivatives of the bounds."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from ditherlab.devices import widen
from ditherlab.errors import RequestError
from ditherlab.estimators.color_order import ColorOrder, Order, is_shown
from ditherlab.estimators.hard_prices import HardPrices
from ditherlab.estimators.parameters import check_num_samples
from ditherlab.estimators.replacements import (
    Replacing,
    abilities_for,
    count_backward_passes,
    count_maps,
    num_planes,
    price_replacements,
)
from ditherlab.protocol import Ability, Cost, Estimate, Estimator, Noise
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import Indices, Logits, Probs

Pruning = Literal["none", "pixel", "picture"]
"""The jumps of a draw that are priced: all, one of the two of each pixel, or one in all."""

Direction = Literal[1, -1]

Rates = Float[Tensor, "s b h w"]

Shared = Float[Tensor, "s b #h #w"]
"""Values of each pixel, or of a whole picture."""


@dataclass(frozen=True)
class StochasticTriples(Estimator):
    """`p_j / p_x (1[j > x] F_x (f(x+1) - f(x)) + 1[j < x] (1 - F_(x-1)) (f(x-1) - f(x)))`.

    A color x is drawn if a uniform number falls between the bounds `F_(x-1)` and `F_x` of the
    cumulative distribution, in some order of the colors. A logit moves these bounds by
    `dF_x / dtheta_j = p_j (1[j <= x] - F_x)`, so a draw may jump to its neighbor in that order, at
    this rate over `p_x`. Colors with no more probability than rounding are stepped over. The mean
    over the colors is subtracted from the estimate, because it is zero in the true gradient.
    Unbiased in any order. Prices two replacing pictures per draw, or one if pruned to one jump for
    each pixel. If pruned to a single jump of the picture, it prices `2 num_samples` pictures in all
    and works with any objective, but only one pixel of each draw gets a gradient.

    With pruning, a jump is chosen with a probability proportional to its rate, summed over the
    logits, and weighted by the inverse.

    Source: Gaurav Arya et al., "Automatic Differentiation of Programs with Discrete Randomness",
    NeurIPS 2022, sec. 2 and 3, and for pruning; pricing the jumps of all pixels is ours.

    Attributes:
        num_samples: Pictures to draw per step.
        pricing: `closed` updates the windows' statistics, `phases` prices whole pictures; must
            be left out for single jumps.
        order: The order in which colors are neighbors.
        pruning: The jumps that are priced.
    """

    is_unbiased: ClassVar[bool] = True
    replaces_pixels: ClassVar[bool] = True

    num_samples: int = 1
    pricing: Replacing = "closed"
    order: Order = "lightness"
    pruning: Pruning = "none"

    def __post_init__(self) -> None:
        check_num_samples(self, self.num_samples)
        if self.pruning == "picture" and self.pricing != "closed":
            raise RequestError(
                "`stochastic-triples(pricing=...)` must be left out beside `pruning=picture`, got "
                f"{self.pricing}: a single jump is priced as a whole picture."
            )

    @property
    def noise(self) -> Noise:
        return "indices" if self.pruning == "none" else "other"

    @property
    def works_on_parts(self) -> bool:
        return self.pruning != "picture"

    def num_extra_planes(self, num_colors: int, num_channels: int) -> float:
        num_replacing = {"none": 2, "pixel": 1, "picture": 0}[self.pruning]
        return num_planes(num_replacing, num_channels)

    @property
    def needs(self) -> frozenset[Ability]:
        return frozenset({"value"}) if self.pruning == "picture" else abilities_for(self.pricing)

    def for_categories(self) -> Estimator:
        pricing: Replacing = "closed" if self.pruning == "picture" else "phases"
        return replace(self, pricing=pricing, order="palette")

    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        """Draw pictures; with pruning, also the pictures after the jumps."""
        drawn = model.draw_indices(self.num_samples, generator)
        if self.pruning == "none":
            return drawn
        jumps = Jumps.of(drawn, model, self.order)
        keep = jumps.choose_for_pixels if self.pruning == "pixel" else jumps.choose_for_pictures
        return torch.stack([drawn, keep(generator)])

    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        drawn = draws if self.pruning == "none" else draws[0]
        jumps = Jumps.of(drawn, model, self.order)
        priced = HardPrices.of(drawn, model, cost)
        if self.pruning == "picture":
            gains = (cost.cost(model.images(draws[1])) - priced.costs)[:, :, None, None]
            gradient = jumps.weigh_one(draws[1], gains, jumps.rates_of_pictures)
            return priced.estimate(gradient, 2 * self.num_samples), None
        both_ways = [jumps.neighbors(1), jumps.neighbors(-1)]
        replacements = torch.stack(both_ways) if self.pruning == "none" else draws[1:]
        changes = price_replacements(drawn, replacements, model, cost, self.pricing)
        if self.pruning == "none":
            up, down = changes
            gradient = jumps.weigh(jumps.rate_up * up, jumps.rate_down * down)
        else:
            gradient = jumps.weigh_one(draws[1], changes[0], jumps.rates_of_pixels)
        num_replacing = len(replacements) * self.num_samples
        num_evaluations = self.num_samples + count_maps(num_replacing, drawn, cost, self.pricing)
        num_backward_passes = count_backward_passes(drawn, cost, self.pricing)
        return priced.estimate(gradient, num_evaluations, num_backward_passes), None


@dataclass(frozen=True)
class Jumps:
    """The rates at which the draws of each pixel jump to their neighbors in an order of colors.

    Attributes:
        order: The order of the colors.
        probs: The probabilities, in that order.
        ranks: The ranks of the draws.
        below: The probability of all colors before the drawn one.
        above: The probability of all colors after the drawn one.
        rate_up: The rate of a jump up: `F_x / p_x`.
        rate_down: The rate of a jump down: `(1 - F_(x-1)) / p_x`.
    """

    order: ColorOrder
    probs: Probs
    ranks: Indices
    below: Rates
    above: Rates
    rate_up: Rates
    rate_down: Rates

    @classmethod
    def of(cls, drawn: Indices, model: Categorical, order: Order) -> "Jumps":
        """Compute the bounds and rates of drawn pictures."""
        sorted_colors = ColorOrder.of(model.palette, order)
        probs, ranks = sorted_colors.sort(model.probs), sorted_colors.ranks_of(drawn)
        by_picture = ranks.transpose(0, 1)
        chance = probs.gather(1, by_picture).transpose(0, 1)
        bound_above = probs.cumsum(dim=1).gather(1, by_picture).transpose(0, 1)
        below, above = (bound_above - chance).clamp_min(0), (1 - bound_above).clamp_min(0)
        # Rounding draws a color of probability 0 once in a million pixels; it gets no weight.
        is_empty = is_shown(probs).gather(1, by_picture).transpose(0, 1).logical_not()
        odds = chance.masked_fill(is_empty, torch.inf).reciprocal()
        return cls(
            sorted_colors, probs, ranks, below, above, bound_above * odds, (1 - below) * odds
        )

    @property
    def rates_of_pixels(self) -> Rates:
        """The sum of the rates of both jumps of each pixel, over all logits."""
        return self.above * self.rate_up + self.below * self.rate_down

    @property
    def rates_of_pictures(self) -> Shared:
        """The sum of the rates of all jumps of each drawn picture."""
        return self.rates_of_pixels.sum(dim=(2, 3), keepdim=True)

    def neighbors(self, direction: Direction) -> Indices:
        """Return the next colors up (1) or down (-1) that are shown; if none, the drawn ones."""
        found = self.ranks
        # The last one that is further on is the nearest.
        for rank, shown in list(enumerate(is_shown(self.probs).unbind(dim=1)))[::-direction]:
            is_further = self.ranks < rank if direction == 1 else self.ranks > rank
            found = torch.where(is_further & shown, rank, found)
        return self.order.colors_at(found)

    def choose_for_pixels(self, generator: torch.Generator) -> Indices:
        """Choose a jump up or down for each pixel, in proportion to the rates."""
        uniform = self._draw_uniform(self.ranks.shape, generator)
        goes_up = uniform * self.rates_of_pixels < self.above * self.rate_up
        return torch.where(goes_up, self.neighbors(1), self.neighbors(-1))

    def choose_for_pictures(self, generator: torch.Generator) -> Indices:
        """Choose a single jump for each drawn picture, in proportion to the rates."""
        rates = torch.stack([self.above * self.rate_up, self.below * self.rate_down], dim=2)
        # In double precision, because the rates of a million pixels are summed.
        bounds = widen(rates.flatten(2)).cumsum(dim=2)
        uniform = self._draw_uniform((*bounds.shape[:2], 1), generator)
        chosen = torch.searchsorted(bounds, uniform * bounds[..., -1:], right=True)
        jumps = torch.zeros_like(bounds, dtype=torch.bool)
        jumps.scatter_(2, chosen.clamp_max(bounds.shape[2] - 1), value=True)
        up, down = jumps.view(rates.shape).unbind(dim=2)
        stayed = self.order.colors_at(self.ranks)
        jumped = torch.where(up, self.neighbors(1), stayed)
        return torch.where(down, self.neighbors(-1), jumped)

    def weigh_one(self, jumped: Indices, changes: Shared, rates: Shared) -> Logits:
        """Return the gradient from jumps that were chosen in proportion to their rates.

        Args:
            jumped: The pictures after the jumps; pixels that did not jump do not count.
            changes: The change of the cost by each jump.
            rates: The sum of the rates among which each jump was chosen.
        """
        steps = self.order.ranks_of(jumped) - self.ranks
        # The rate of the chosen jump cancels, except for the logits that contribute to it.
        shares_up = (steps > 0) / self.above.where(self.above > 0, torch.inf)
        shares_down = (steps < 0) / self.below.where(self.below > 0, torch.inf)
        return self.weigh(shares_up * rates * changes, shares_down * rates * changes)

    def weigh(self, up: Rates, down: Rates) -> Logits:
        """Return the mean gradient of the draws from the rates of jumps times their changes."""
        ranks = torch.arange(self.probs.shape[1], device=self.ranks.device).view(-1, 1, 1)
        gradient = torch.zeros_like(self.probs)
        for drawn, gain_up, gain_down in zip(self.ranks, up, down, strict=True):
            at = drawn.unsqueeze(1)
            gains = (ranks > at) * gain_up.unsqueeze(1) + (ranks < at) * gain_down.unsqueeze(1)
            gradient += self.probs * gains
        gradient /= len(self.ranks)
        return self.order.restore(gradient - gradient.mean(dim=1, keepdim=True))

    def _draw_uniform(self, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        device = self.probs.device
        return torch.rand(shape, generator=generator, device=device, dtype=self.probs.dtype)
