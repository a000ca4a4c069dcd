"""A problem small enough to enumerate: 2 x 3 pixels, 3 colors, 729 pictures, float64."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor

from ditherlab.objectives import ViewedError
from ditherlab.protocol import Ability, Cost, Estimate, Estimator, Target, rows_seen
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import CostMap, DrawCosts, DrawnImages, DrawnMoments, MomentTable, Statistics

HEIGHT, WIDTH, NUM_COLORS = 2, 3, 3

# How much each pixel counts in the window around the middle one.
KERNEL = torch.tensor([[0.4, 1, 0.7], [0.9, 1.5, 1.1], [0.3, 0.8, 0.6]], dtype=torch.float64)


@dataclass(frozen=True, eq=False)
class WholePictureCost(Cost):
    """A cost that every pixel answers for: its only window is the picture, around the first pixel.

    Attributes:
        weight: 0 where that window does not count.
    """

    weight: float = 1.0

    @property
    def footprint_px(self) -> int:
        return max(HEIGHT, WIDTH) - 1

    def cost_map(self, images: DrawnImages) -> CostMap:
        placed = torch.zeros_like(images[:, :, 0])
        placed[..., 0, 0] = self.cost(images)
        return placed

    def restrict(self, rows: range, halo_px: int) -> Cost:
        return replace(self, weight=float(0 in rows))


@dataclass(frozen=True, eq=False)
class InteractingCost(WholePictureCost):
    """A smooth cost of products of neighbors, far from zero."""

    abilities: frozenset[Ability] = frozenset({"value", "gradient", "local"})

    def cost(self, images: DrawnImages) -> DrawCosts:
        beside = (images[..., 1:] * images[..., :-1]).sum(dim=(2, 3, 4))
        below = (images[..., 1:, :] - 0.3 * images[..., :-1, :]).pow(3).sum(dim=(2, 3, 4))
        cost = 11 + 2 * beside + below + (1.7 * images.sum(dim=(2, 3, 4))).sin()
        return self.weight * cost


@dataclass(frozen=True, eq=False)
class LinearCost(Cost):
    """A cost that is linear in the pixels."""

    abilities: frozenset[Ability] = frozenset({"value", "gradient"})

    def cost(self, images: DrawnImages) -> DrawCosts:
        weights = torch.arange(images[0, 0].numel(), dtype=images.dtype).view(images.shape[2:])
        return 3 + (images * (1 + weights)).sum(dim=(2, 3, 4))


@dataclass(frozen=True, eq=False)
class WindowedCost(Cost):
    """A cost of 3 x 3 windows: a curved function of weighted sums of x and x^2 in each of them.

    Attributes:
        first_row: Of the windows that count, in the picture from which this one may be cut.
        counts: Which rows of windows count; None for all.
    """

    first_row: int = 0
    counts: range | None = None
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

    def restrict(self, rows: range, halo_px: int) -> Cost:
        return WindowedCost(rows_seen(rows, halo_px, HEIGHT).start, rows)

    def color_moments(self, palette: Tensor) -> MomentTable:
        return torch.cat([palette, palette.square()], dim=2).mT

    def features(self, moments: DrawnMoments) -> Statistics:
        return moments

    def gather(self, features: Statistics) -> Statistics:
        # As a matrix product: convolutions of many tiny pictures take ten times as long.
        height, width = features.shape[-2:]
        weighted = features.flatten(-2) @ _windows(height, width).to(features.dtype)
        return weighted.view(features.shape)

    def window_weights(self, rows: int, columns: int) -> Tensor:
        return KERNEL[1 + rows, 1 + columns].expand(HEIGHT, WIDTH)

    def map_from_statistics(self, statistics: Statistics) -> CostMap:
        first, second = statistics.unbind(dim=2)
        height, width = first.shape[2:]
        rows = torch.arange(self.first_row, self.first_row + height, dtype=first.dtype)
        places = rows.view(-1, 1) * WIDTH + torch.arange(width, dtype=first.dtype)
        cost_map = 3 + places + first * second + (2 * second).sin()
        if self.counts is None:
            return cost_map
        counted = torch.tensor([int(row) in self.counts for row in rows])
        return cost_map * counted.view(-1, 1)


@cache
def _windows(height: int, width: int) -> Tensor:
    """Return what each pixel (a row) counts in each window (a column), flattened."""
    pixels = torch.eye(height * width, dtype=KERNEL.dtype).view(-1, 1, height, width)
    kernel = KERNEL.view(1, 1, 3, 3)
    return torch.nn.functional.conv2d(pixels, kernel, padding=1).flatten(1)


@dataclass(frozen=True, eq=False)
class BlackBox(WholePictureCost):
    """A cost with steps and no gradient."""

    abilities: frozenset[Ability] = frozenset({"value", "local"})

    def cost(self, images: DrawnImages) -> DrawCosts:
        values = images.detach()
        jumps = (values[..., 1:] > values[..., :-1]).sum(dim=(2, 3, 4))
        return self.weight * (5 + jumps.to(values.dtype).square())


def viewed_error(height: int, width: int) -> Cost:
    """A cost whose expectation is exact, and that offers everything."""
    images = torch.linspace(0.1, 0.9, height * width, dtype=torch.float64)
    opaque = torch.ones((1, 1, height, width), dtype=torch.bool)
    return ViewedError(blur_px=0.4).bind(Target(images.view(1, 1, height, width), opaque))


def all_costs(height: int, width: int) -> dict[str, Cost]:
    return {
        "interacting": InteractingCost(),
        "windowed": WindowedCost(),
        "black box": BlackBox(),
        "viewed error": viewed_error(height, width),
    }


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
    def model(self) -> Categorical:
        """One problem."""
        return Categorical.from_logits(self.logits, self.palette, learns_palette=True)

    def repeat(self, num_trials: int) -> Categorical:
        """The same problem many times, the trials on the batch axis."""
        return Categorical.from_logits(
            self.logits.expand(num_trials, -1, -1, -1),
            self.palette.expand(num_trials, -1, -1),
            learns_palette=True,
        )

    def keep_colors(self, num_colors: int | None) -> "Enumeration":
        """Leave out colors, for estimators that need a palette of a certain size."""
        return Enumeration(self.logits[:, :num_colors], self.palette[:, :num_colors])

    def for_samples(self, num_samples: int) -> "list[Enumeration]":
        """Return problems of which every combination of draws can be priced.

        Of 729 pictures there are 266,085 pairs. For pairs, one problem keeps the three colors, on
        2 x 2 pixels, and one the pixels that do not see each other, with two colors.
        """
        if num_samples == 1:
            return [self]
        return [replace(self, logits=self.logits[..., :2]), self.keep_colors(2)]

    def costs_for(self, estimator: Estimator) -> dict[str, Cost]:
        """The costs that an estimator can work with; there is at least one."""
        costs = all_costs(*self.logits.shape[2:])
        fitting = {name: cost for name, cost in costs.items() if estimator.needs <= cost.abilities}
        assert fitting, f"No cost offers {sorted(estimator.needs)}."
        return fitting

    @property
    def pictures(self) -> Tensor:
        """Every picture as indices `[n h w]`: 729 of three colors."""
        _, num_colors, height, width = self.logits.shape
        tuples = itertools.product(range(num_colors), repeat=height * width)
        return torch.tensor(list(tuples)).view(-1, height, width)

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
        """Weigh the estimate of every combination of draws with its probability.

        An estimator does not see the order of its draws, so each set stands for all its orders.
        """
        pictures = self.pictures
        combinations = torch.combinations(
            torch.arange(len(pictures)), num_samples, with_replacement=True
        ).T
        num_combinations = combinations.shape[1]
        model = self.repeat(num_combinations)
        draws = pictures[combinations]
        chances = model.probs.log().unsqueeze(0).expand(num_samples, -1, -1, -1, -1)
        chances = chances.gather(2, draws.unsqueeze(2)).sum(dim=(0, 2, 3, 4)).exp()
        if num_samples == 2:
            chances = chances * (1 + (combinations[0] != combinations[1]))
        elif num_samples > 2:
            raise ValueError("Orders are only counted for pairs.")
        with torch.no_grad():
            estimate, _ = estimator.weigh(draws, model, cost, state, None)
        return self.mean(estimate, chances)

    def mean(self, estimate: Estimate, chances: Tensor) -> Truth:
        """Weigh the estimates on the batch axis with their chances."""
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
