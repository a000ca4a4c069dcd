"""Gibbs with gradients: an annealed sampler over pictures with proposals from the gradient."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ditherlab.discrete.search import Search, SearchContext, Step
from ditherlab.estimators.replacements import sum_cells
from ditherlab.schedules import Schedule, exponential

_COLDEST = 1e-3

# In costs of a pixel: a picture that is perfect already stays so.
_LEAST_HEAT = 1e-12


@dataclass(frozen=True)
class _Slope:
    """A picture's cost, split over its windows, and its slope in each pixel's channels."""

    costs: Float[Tensor, "h w"]
    slope: Float[Tensor, "c h w"]


class GibbsSearch(Search):
    """Sample pictures with probability proportional to `exp(-f / T)`, while `T` falls.

    Pixels that share no window with one another move at once. Each proposes a color with
    probability proportional to `exp(-<df/dX_i, C_k - X_i> / (2 T))`, and takes it with the
    probability of Metropolis and Hastings, from the exact change of its windows' costs and the
    probability of the reverse proposal. Each move takes two gradients.

    Source: Will Grathwohl et al., "Oops I Took A Gradient: Scalable Sampling for Discrete
    Distributions", ICML 2021, eq. 4 and algorithm 1, with all pixels of a lattice in the place of
    one that is drawn.

    Attributes:
        temperature: The temperature as a function of the finished part of the search.
    """

    def __init__(self, context: SearchContext, temperature: Schedule) -> None:
        self.context = context
        self._indices = context.indices.clone()
        self._colors = context.palette[0]
        self._pitch = 2 * context.cost.footprint_px + 1
        self._now = self._price(self._indices)
        self.temperature = temperature
        self._num_done = 0
        self._order: Int[Tensor, "n"] | None = None

    @classmethod
    def cooled(cls, context: SearchContext, heat: float) -> "GibbsSearch":
        """Create a search with an exponentially falling temperature, in mean costs of a pixel."""
        first = context.cost.cost(context.palette[0].T[:, context.indices][None, None])
        hottest = max(heat * float(first) / context.indices.numel(), _LEAST_HEAT)
        return cls(context, _cooling(hottest))

    @property
    def indices(self) -> Int[Tensor, "h w"]:
        return self._indices

    def steps(self) -> Iterator[Step]:
        context = self.context
        height, width = self._indices.shape
        starts = torch.cartesian_prod(
            torch.arange(min(self._pitch, height)), torch.arange(min(self._pitch, width))
        )
        num_moves = context.num_rounds * len(starts)
        for number in range(self._num_done, num_moves):
            place = number % len(starts)
            if self._order is None or place == 0:
                device = context.generator.device
                self._order = torch.randperm(
                    len(starts), generator=context.generator, device=device
                )
            share = min(1.0, max(number / num_moves, context.spent()))
            before = self._now.costs.sum()
            top, left = starts[self._order[place]].tolist()
            num_prices = self._move(top, left, self.temperature(share))
            self._num_done = number + 1
            yield Step((number + 1) / num_moves, before, num_prices, num_prices)

    def values(self) -> Any:
        return self._num_done, self._order, self.temperature(0.0)

    def resume(self, values: Any) -> None:
        self._num_done, self._order, hottest = values
        self.temperature = _cooling(hottest)

    def _move(self, top: int, left: int, temperature: float) -> int:
        """Update the pixels of a lattice; return the number of cost evaluations."""
        mine = (slice(top, None, self._pitch), slice(left, None, self._pitch))
        old = self._indices[mine]
        there = self._log_proposals(self._now, mine, temperature)
        new = _draw(there, self.context.generator)
        proposed = self._indices.clone()
        proposed[mine] = new
        after = self._price(proposed)
        back = self._log_proposals(after, mine, temperature)
        change = sum_cells(
            (after.costs - self._now.costs)[None, None, None], top, left, self._pitch
        )[0, 0, 0]
        chance = _at(back, old) - _at(there, new) - change / temperature
        uniform = torch.rand(
            chance.shape, generator=self.context.generator, device=chance.device, dtype=chance.dtype
        )
        is_taken = uniform.log() < chance
        if not bool((is_taken & (new != old)).any()):
            return 1
        self._indices[mine] = torch.where(is_taken, new, old)
        self._now = after if bool(is_taken.all()) else self._price(self._indices)
        return 1 if self._now is after else 2

    def _log_proposals(
        self, at: _Slope, mine: tuple[slice, slice], temperature: float
    ) -> Float[Tensor, "k y x"]:
        """Return the log probability of each color; `X_i` itself is the same for all of them."""
        slopes = torch.einsum("kc,cyx->kyx", self._colors, at.slope[:, mine[0], mine[1]])
        return (slopes / (-2 * temperature)).log_softmax(dim=0)

    def _price(self, indices: Int[Tensor, "h w"]) -> _Slope:
        with torch.enable_grad():
            images = self._colors.T[:, indices][None, None].requires_grad_()
            costs = self.context.cost.cost_map(images)
            (slope,) = torch.autograd.grad(costs.sum(), images)
        return _Slope(costs.detach()[0, 0], slope[0, 0])


def _cooling(hottest: float) -> Schedule:
    return exponential(hottest, hottest * _COLDEST)


def _draw(log_probs: Float[Tensor, "k y x"], generator: torch.Generator) -> Int[Tensor, "y x"]:
    noise = torch.empty_like(log_probs).exponential_(generator=generator)
    return (log_probs - noise.log()).argmax(dim=0)


def _at(values: Float[Tensor, "k y x"], indices: Int[Tensor, "y x"]) -> Float[Tensor, "y x"]:
    return values.gather(0, indices[None])[0]
