"""Stochastic triples: jumps to the neighboring color, weighted by how fast the bounds move."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from ditherlab.errors import RequestError
from ditherlab.estimators.color_order import ColorOrder, Order
from ditherlab.estimators.hard_prices import HardPrices
from ditherlab.estimators.parameters import check_num_samples
from ditherlab.estimators.replacements import (
    Replacing,
    abilities_for,
    count_maps,
    num_planes,
    price_replacements,
)
from ditherlab.protocol import Ability, Cost, Estimate, Estimator, Noise
from ditherlab.protocol.categorical import Categorical
from ditherlab.randomness import shared_uniform
from ditherlab.types import Indices, Logits, Probs

Pruning = Literal["none", "pixel", "picture"]
"""Which of the jumps of a draw are priced: all, one of the two of each pixel, or one of all."""

Rates = Float[Tensor, "s b h w"]

Shared = Float[Tensor, "s b #h #w"]
"""Of each pixel, or of a whole picture."""


@dataclass(frozen=True)
class StochasticTriples(Estimator):
    """`p_j / p_x (1[j > x] F_x (f(x+1) - f(x)) + 1[j < x] (1 - F_(x-1)) (f(x-1) - f(x)))`.

    A color is drawn where a uniform number falls between the bounds `F_(x-1)` and `F_x` of the
    cumulative distribution, in some order of the colors. A logit moves these bounds, by
    `dF_x / dtheta_j = p_j (1[j <= x] - F_x)`, so a draw may jump to its neighbor in that order, at
    a rate of that over `p_x`. The estimate is freed of its mean over the colors, as the true
    gradient has none. Unbiased in any order. Prices two replacing pictures a draw; pruned to a jump
    for each pixel, one; pruned to a single jump of the picture, `2 num_samples` pictures in all,
    for any objective, and only one pixel of each draw gets a gradient.

    A jump that is kept is chosen with a probability in proportion to its rate, summed over the
    logits, and weighed with the inverse.

    Source: Gaurav Arya et al., "Automatic Differentiation of Programs with Discrete Randomness",
    NeurIPS 2022, sec. 2 and 3, and for pruning; pricing the jumps of all pixels is ours.

    Attributes:
        num_samples: Pictures to draw a step.
        pricing: `closed`, by updating the windows' statistics, or `phases`, by pricing pictures;
            not for single jumps.
        order: In which colors are neighbors.
        pruning: Which jumps are priced.
    """

    is_unbiased: ClassVar[bool] = True

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

    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        """Draw pictures; where jumps are pruned, also what each of them jumps to."""
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
        num_evaluations = self.num_samples + count_maps(num_replacing, drawn, cost)
        return priced.estimate(gradient, num_evaluations), None


@dataclass(frozen=True)
class Jumps:
    """How fast the draws of each pixel jump to their neighbors in some order of the colors.

    Attributes:
        order: Of the colors.
        probs: In that order.
        ranks: Of the draws, in that order.
        below: The probability of all colors before the drawn one.
        above: Of all after it.
        rate_up: The rate of a jump up, for each unit by which the bound above falls: `F_x / p_x`.
        rate_down: Of a jump down: `(1 - F_(x-1)) / p_x`.
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
        """Find the bounds between which the draws lie."""
        sorted_colors = ColorOrder.of(model.palette, order)
        probs, ranks = sorted_colors.sort(model.probs), sorted_colors.ranks_of(drawn)
        by_picture = ranks.transpose(0, 1)
        chance = probs.gather(1, by_picture).transpose(0, 1)
        bound_above = probs.cumsum(dim=1).gather(1, by_picture).transpose(0, 1)
        below, above = (bound_above - chance).clamp_min(0), (1 - bound_above).clamp_min(0)
        # Rounding lets a color of no chance be drawn once in a million pixels: it has no weight.
        odds = chance.where(chance > 0, torch.inf).reciprocal()
        return cls(
            sorted_colors, probs, ranks, below, above, bound_above * odds, (1 - below) * odds
        )

    @property
    def rates_of_pixels(self) -> Rates:
        """The rates of both jumps of each pixel, for all logits together."""
        return self.above * self.rate_up + self.below * self.rate_down

    @property
    def rates_of_pictures(self) -> Shared:
        """The rates of all jumps of each drawn picture."""
        return self.rates_of_pixels.sum(dim=(2, 3), keepdim=True)

    def neighbors(self, steps: int) -> Indices:
        """Return the colors so many steps further in the order; at its ends, they stay."""
        last = self.probs.shape[1] - 1
        return self.order.colors_at((self.ranks + steps).clamp(0, last))

    def choose_for_pixels(self, generator: torch.Generator) -> Indices:
        """Let each pixel jump up or down, by the rates."""
        uniform = self._draw_uniform(self.ranks.shape, generator)
        goes_up = uniform * self.rates_of_pixels < self.above * self.rate_up
        return torch.where(goes_up, self.neighbors(1), self.neighbors(-1))

    def choose_for_pictures(self, generator: torch.Generator) -> Indices:
        """Let a single pixel of each drawn picture jump, by the rates."""
        rates = torch.stack([self.above * self.rate_up, self.below * self.rate_down], dim=2)
        # In double precision: the rates of a million pixels are summed.
        bounds = rates.flatten(2).double().cumsum(dim=2)
        uniform = self._draw_uniform((*bounds.shape[:2], 1), generator)
        chosen = torch.searchsorted(bounds, uniform * bounds[..., -1:], right=True)
        jumps = torch.zeros_like(bounds, dtype=torch.bool)
        jumps.scatter_(2, chosen.clamp_max(bounds.shape[2] - 1), value=True)
        up, down = jumps.view(rates.shape).unbind(dim=2)
        stayed = self.order.colors_at(self.ranks)
        jumped = torch.where(up, self.neighbors(1), stayed)
        return torch.where(down, self.neighbors(-1), jumped)

    def weigh_one(self, jumped: Indices, changes: Shared, rates: Shared) -> Logits:
        """Weigh jumps that were chosen by their rates.

        Args:
            jumped: What each pixel jumps to; where it stays, nothing counts.
            changes: What the jump costs.
            rates: The sum of the rates among which each was chosen.
        """
        steps = self.order.ranks_of(jumped) - self.ranks
        # The chosen jump's rate cancels but for which logits have a part in it.
        shares_up = (steps > 0) / self.above.where(self.above > 0, torch.inf)
        shares_down = (steps < 0) / self.below.where(self.below > 0, torch.inf)
        return self.weigh(shares_up * rates * changes, shares_down * rates * changes)

    def weigh(self, up: Rates, down: Rates) -> Logits:
        """Spread the rates of jumps times their changes over the logits; the mean of the draws."""
        ranks = torch.arange(self.probs.shape[1], device=self.ranks.device).view(-1, 1, 1)
        gradient = torch.zeros_like(self.probs)
        for drawn, gain_up, gain_down in zip(self.ranks, up, down, strict=True):
            at = drawn.unsqueeze(1)
            gains = (ranks > at) * gain_up.unsqueeze(1) + (ranks < at) * gain_down.unsqueeze(1)
            gradient += self.probs * gains
        gradient /= len(self.ranks)
        return self.order.restore(gradient - gradient.mean(dim=1, keepdim=True))

    def _draw_uniform(self, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        return shared_uniform(shape, generator, self.probs)
