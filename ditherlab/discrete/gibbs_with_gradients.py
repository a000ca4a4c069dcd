"""Gibbs with gradients: a sampler over pictures whose proposals follow the slope, annealed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ditherlab.discrete.search import Method, Search, SearchContext, Step
from ditherlab.errors import RequestError
from ditherlab.estimators.replacements import sum_cells
from ditherlab.protocol import Ability
from ditherlab.schedules import Schedule, exponential

_COLDEST = 1e-3

# In costs of a pixel: a picture that is perfect already stays so.
_LEAST_HEAT = 1e-12

# Measured, for gray pictures and for others.
_GRAY_PLANES, _COLOR_PLANES = 90.0, 200.0


@dataclass(frozen=True)
class GibbsWithGradients(Method):
    """Sample pictures with probability proportional to `exp(-f / T)`, while `T` falls.

    Pixels that share no window with one another move at once. Each proposes a color with
    probability proportional to `exp(-<df/dX_i, C_k - X_i> / (2 T))`, and takes it with the
    probability of Metropolis and Hastings, from the exact change of its windows' costs and the
    probability of the proposal back. Two slopes a move.

    Source: Will Grathwohl et al., "Oops I Took A Gradient: Scalable Sampling for Discrete
    Distributions", ICML 2021, eq. 4 and algorithm 1, with all pixels of a lattice in the place of
    one that is drawn.

    Attributes:
        heat: The first temperature, in mean costs of a pixel of the first picture; it falls to a
            thousandth.
    """

    sweeps: ClassVar[bool] = True

    heat: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.heat < float("inf"):
            raise RequestError(
                f"`gibbs-with-gradients(heat=...)` must be above 0, got {self.heat:g}. Try 1."
            )

    @property
    def needs(self) -> frozenset[Ability]:
        return frozenset({"value", "gradient", "local"})

    def num_planes(self, num_colors: int, num_channels: int) -> float:
        del num_colors
        return _GRAY_PLANES if num_channels == 1 else _COLOR_PLANES

    def begin(self, scene: SearchContext) -> Search:
        first = scene.cost.cost(scene.palette[0].T[:, scene.indices][None, None])
        hottest = max(self.heat * float(first) / scene.indices.numel(), _LEAST_HEAT)
        return GibbsSearch(scene, exponential(hottest, hottest * _COLDEST))


@dataclass(frozen=True)
class _Slope:
    """A picture's cost, split over its windows, and its slope in each pixel's channels."""

    costs: Float[Tensor, "h w"]
    slope: Float[Tensor, "c h w"]


class GibbsSearch(Search):
    """A picture that is sampled, lattice by lattice.

    Attributes:
        temperature: By progress.
    """

    def __init__(self, scene: SearchContext, temperature: Schedule) -> None:
        self.scene = scene
        self._indices = scene.indices.clone()
        self._colors = scene.palette[0]
        self._pitch = 2 * scene.cost.footprint_px + 1
        self._now = self._look(self._indices)
        self.temperature = temperature

    @property
    def indices(self) -> Int[Tensor, "h w"]:
        return self._indices

    def visits(self) -> Iterator[Step]:
        scene = self.scene
        height, width = self._indices.shape
        starts = torch.cartesian_prod(
            torch.arange(min(self._pitch, height)), torch.arange(min(self._pitch, width))
        )
        num_moves = scene.num_rounds * len(starts)
        for number in range(num_moves):
            place = number % len(starts)
            if place == 0:
                device = scene.generator.device
                order = torch.randperm(len(starts), generator=scene.generator, device=device)
            progress = min(1.0, max(number / num_moves, scene.part_of_time()))
            before = self._now.costs.sum()
            top, left = starts[order[place]].tolist()
            num_looks = self._move(top, left, self.temperature(progress))
            yield Step((number + 1) / num_moves, before, num_looks, num_looks)

    def _move(self, top: int, left: int, temperature: float) -> int:
        """Let the pixels of a lattice move; return how many pictures were priced."""
        mine = (slice(top, None, self._pitch), slice(left, None, self._pitch))
        old = self._indices[mine]
        there = self._log_proposals(self._now, mine, temperature)
        new = _draw(there, self.scene.generator)
        proposed = self._indices.clone()
        proposed[mine] = new
        after = self._look(proposed)
        back = self._log_proposals(after, mine, temperature)
        change = sum_cells(
            (after.costs - self._now.costs)[None, None, None], top, left, self._pitch
        )[0, 0, 0]
        chance = _at(back, old) - _at(there, new) - change / temperature
        uniform = torch.rand(
            chance.shape, generator=self.scene.generator, device=chance.device, dtype=chance.dtype
        )
        is_taken = uniform.log() < chance
        if not bool((is_taken & (new != old)).any()):
            return 1
        self._indices[mine] = torch.where(is_taken, new, old)
        self._now = after if bool(is_taken.all()) else self._look(self._indices)
        return 1 if self._now is after else 2

    def _log_proposals(
        self, at: _Slope, mine: tuple[slice, slice], temperature: float
    ) -> Float[Tensor, "k y x"]:
        """Return the log probability of each color; `X_i` itself is the same for all of them."""
        slopes = torch.einsum("kc,cyx->kyx", self._colors, at.slope[:, mine[0], mine[1]])
        return (slopes / (-2 * temperature)).log_softmax(dim=0)

    def _look(self, indices: Int[Tensor, "h w"]) -> _Slope:
        with torch.enable_grad():
            images = self._colors.T[:, indices][None, None].requires_grad_()
            costs = self.scene.cost.cost_map(images)
            (slope,) = torch.autograd.grad(costs.sum(), images)
        return _Slope(costs.detach()[0, 0], slope[0, 0])


def _draw(log_probs: Float[Tensor, "k y x"], generator: torch.Generator) -> Int[Tensor, "y x"]:
    noise = torch.empty_like(log_probs).exponential_(generator=generator)
    return (log_probs - noise.log()).argmax(dim=0)


def _at(values: Float[Tensor, "k y x"], indices: Int[Tensor, "y x"]) -> Float[Tensor, "y x"]:
    return values.gather(0, indices[None])[0]
