"""A problem small enough to enumerate: 2 x 3 pixels, 3 colors, 729 pictures, float64."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from ditherlab.categorical import Categorical
from ditherlab.protocol import Ability, Cost, Estimate, Estimator
from ditherlab.types import CostMap, DrawCosts, DrawnImages, DrawnMoments, MomentTable, Statistics

HEIGHT, WIDTH, NUM_COLORS = 2, 3, 3


@dataclass(frozen=True, eq=False)
class InteractingCost(Cost):
    """A smooth cost of products of neighbors, far from zero."""

    abilities: frozenset[Ability] = frozenset({"value", "gradient"})

    def cost(self, images: DrawnImages) -> DrawCosts:
        beside = (images[..., 1:] * images[..., :-1]).sum(dim=(2, 3, 4))
        below = (images[..., 1:, :] - 0.3 * images[..., :-1, :]).pow(3).sum(dim=(2, 3, 4))
        return 11 + 2 * beside + below + (1.7 * images.sum(dim=(2, 3, 4))).sin()


@dataclass(frozen=True, eq=False)
class LinearCost(Cost):
    """A cost that is linear in the pixels."""

    abilities: frozenset[Ability] = frozenset({"value", "gradient"})

    def cost(self, images: DrawnImages) -> DrawCosts:
        weights = torch.arange(images[0, 0].numel(), dtype=images.dtype).view(images.shape[2:])
        return 3 + (images * (1 + weights)).sum(dim=(2, 3, 4))


@dataclass(frozen=True, eq=False)
class WindowedCost(Cost):
    """A cost of 3 x 3 windows: a curved function of sums of x and x^2 in each of them."""

    abilities: frozenset[Ability] = frozenset({"value", "gradient", "local", "statistics"})

    @property
    def footprint_px(self) -> int:
        return 1

    def cost(self, images: DrawnImages) -> DrawCosts:
        return self.cost_map(images).sum(dim=(2, 3))

    def cost_map(self, images: DrawnImages) -> CostMap:
        return self.map_from_statistics(
            self.statistics(torch.cat([images, images.square()], dim=2))
        )

    def color_moments(self, palette: Tensor) -> MomentTable:
        return torch.cat([palette, palette.square()], dim=2).mT

    def statistics(self, moments: DrawnMoments) -> Statistics:
        kernel = torch.ones((1, 1, 3, 3), dtype=moments.dtype)
        sums = torch.nn.functional.conv2d(moments.flatten(0, 2).unsqueeze(1), kernel, padding=1)
        return sums.view(moments.shape)

    def map_from_statistics(self, statistics: Statistics) -> CostMap:
        first, second = statistics.unbind(dim=2)
        places = torch.arange(first[0, 0].numel(), dtype=first.dtype).view(first.shape[2:])
        return 3 + places + first * second + (2 * second).sin()


@dataclass(frozen=True, eq=False)
class BlackBox(Cost):
    """A cost with steps and no gradient."""

    abilities: frozenset[Ability] = frozenset({"value"})

    def cost(self, images: DrawnImages) -> DrawCosts:
        values = images.detach()
        jumps = (values[..., 1:] > values[..., :-1]).sum(dim=(2, 3, 4))
        return 5 + jumps.to(values.dtype).square()


@dataclass(frozen=True)
class Truth:
    """What enumeration says."""

    value: Tensor
    grad_logits: Tensor
    grad_palette: Tensor


@dataclass(frozen=True)
class Enumeration:
    """All pictures of the tiny problem, and sums over them."""

    logits: Tensor
    palette: Tensor

    @property
    def pictures(self) -> Tensor:
        """Every picture as indices `[729 h w]`."""
        tuples = itertools.product(range(NUM_COLORS), repeat=HEIGHT * WIDTH)
        return torch.tensor(list(tuples)).view(-1, HEIGHT, WIDTH)

    def truth(self, cost: Cost) -> Truth:
        """Differentiate `sum_x p(x) f(x)` in the logits and the palette."""
        logits, palette = (
            self.logits.clone().requires_grad_(),
            self.palette.clone().requires_grad_(),
        )
        model = Categorical.from_logits(logits, palette)
        pictures = self.pictures.unsqueeze(1)
        log_probs = logits.log_softmax(dim=1).expand(len(pictures), -1, -1, -1)
        chances = log_probs.gather(1, pictures).sum(dim=(1, 2, 3)).exp()
        value = (chances * cost.cost(model.images(pictures))[:, 0]).sum()
        gradients = torch.autograd.grad(value, [logits, palette], materialize_grads=True)
        return Truth(value.detach(), *gradients)

    def mean_estimate(
        self, estimator: Estimator, cost: Cost, num_samples: int, state: Any = None
    ) -> Truth:
        """Weigh the estimate of every combination of draws with its probability."""
        pictures = self.pictures
        tuples = torch.cartesian_prod(*[torch.arange(len(pictures))] * num_samples)
        combinations = tuples.view(-1, num_samples).T
        num_combinations = combinations.shape[1]
        model = Categorical.from_logits(
            self.logits.expand(num_combinations, -1, -1, -1),
            self.palette.expand(num_combinations, -1, -1),
            learns_palette=True,
        )
        draws = pictures[combinations]
        chances = model.probs.log().unsqueeze(0).expand(num_samples, -1, -1, -1, -1)
        chances = chances.gather(2, draws.unsqueeze(2)).sum(dim=(0, 2, 3, 4)).exp()
        with torch.no_grad():
            estimate, _ = estimator.weigh(draws, model, cost, state, None)
        return self._mean(estimate, chances)

    def _mean(self, estimate: Estimate, chances: Tensor) -> Truth:
        palette = estimate.grad_palette
        if palette is None:
            palette = torch.zeros_like(self.palette).expand(len(chances), -1, -1)
        return Truth(
            (estimate.value * chances).sum(),
            torch.einsum("b,bkhw->khw", chances, estimate.grad_logits).unsqueeze(0),
            torch.einsum("b,bkc->kc", chances, palette).unsqueeze(0),
        )


@pytest.fixture
def enumeration() -> Enumeration:
    generator = torch.Generator().manual_seed(3)
    shape = (1, NUM_COLORS, HEIGHT, WIDTH)
    logits = torch.randn(shape, generator=generator, dtype=torch.float64)
    palette = torch.rand((1, NUM_COLORS, 1), generator=generator, dtype=torch.float64)
    return Enumeration(logits, palette)


@pytest.fixture(params=[InteractingCost, BlackBox], ids=["interacting", "black-box"])
def cost(request: pytest.FixtureRequest) -> Cost:
    make: Callable[[], Cost] = request.param
    return make()


@pytest.fixture
def interacting() -> Cost:
    return InteractingCost()


@pytest.fixture
def windowed() -> Cost:
    return WindowedCost()


@pytest.fixture
def linear() -> Cost:
    return LinearCost()
