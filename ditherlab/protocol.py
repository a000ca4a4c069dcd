"""How objectives, estimators and optimizers meet, without knowing each other by name.

An `Objective` is configuration; bound to a `Target` it becomes a `Cost`, which prices pictures and
distributions of pictures. An `Estimator` asks a model and a cost for an `Estimate` of the gradient.
An `Optimizer` moves the probabilities along an estimate. Each side declares what it offers or
needs as `Ability` words, and `require` compares them when a problem is built.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal, final

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ditherlab.categorical import Categorical
from ditherlab.errors import AbilityError
from ditherlab.specs import describe
from ditherlab.types import (
    Colors,
    DrawCosts,
    DrawnImages,
    Images,
    Logits,
    Mask,
    PictureCosts,
    Probs,
)

Ability = Literal["value", "gradient", "local", "statistics", "expectation"]

Noise = Literal["indices", "uniform", "gumbel", "none"]

CostMap = Float[Tensor, "s b h w"]
Moments = Float[Tensor, "b m h w"]
DrawnMoments = Float[Tensor, "s b m h w"]
Statistics = Float[Tensor, "s b q h w"]
MomentTable = Float[Tensor, "b m k"]


@dataclass(frozen=True)
class Target:
    """What the drawn pictures shall look like.

    Attributes:
        images: Display sRGB; one channel where only luminance counts.
        opaque: False where the source is transparent; there nothing is drawn or priced.
    """

    images: Images
    opaque: Mask

    @property
    def num_opaque(self) -> Float[Tensor, "b"]:
        """The number of pixels that take part, at least 1."""
        return self.opaque.sum(dim=(1, 2, 3)).clamp_min(1).to(self.images.dtype)

    def fill_transparent(self, drawn: Float[Tensor, "*s b c h w"]) -> Float[Tensor, "*s b c h w"]:
        """Replace what is drawn at transparent pixels by the target itself, which costs nothing."""
        return torch.where(self.opaque, drawn, self.images)


class Cost(ABC):
    """An objective bound to its target: prices drawn pictures, in `value` and in expectation.

    A concrete cost overrides the methods of the abilities that it declares.
    """

    abilities: frozenset[Ability]

    def cost(self, images: DrawnImages) -> DrawCosts:
        """Price drawn pictures (ability `value`; differentiable in the pixels with `gradient`)."""
        raise self._lacks("value")

    @property
    def footprint_px(self) -> int:
        """How far the influence of a pixel reaches, in rows and columns (ability `local`)."""
        raise self._lacks("local")

    def cost_map(self, images: DrawnImages) -> CostMap:
        """Split the cost over the pixels' windows; the map sums to `cost` (ability `local`).

        The entry at pixel `j` depends on no pixel further from `j` than `footprint_px`.
        """
        raise self._lacks("local")

    @property
    def num_moments(self) -> int:
        """How many moments of a color enter the statistics (ability `statistics`)."""
        raise self._lacks("statistics")

    def color_moments(self, palette: Colors) -> MomentTable:
        """Return what of each color enters the statistics: its value, its square.

        Part of the ability `statistics`; differentiable in the palette.
        """
        raise self._lacks("statistics")

    @property
    def num_statistics(self) -> int:
        """How many statistics each window has (ability `statistics`)."""
        raise self._lacks("statistics")

    def statistics(self, moments: DrawnMoments) -> Statistics:
        """Return the statistics of each window: linear in the pixels' moments, hence in one-hots.

        Part of the ability `statistics`; differentiable.
        """
        raise self._lacks("statistics")

    def map_from_statistics(self, statistics: Statistics) -> CostMap:
        """Price each window by its statistics alone; of a drawn picture's, this is its `cost_map`.

        Part of the ability `statistics`; differentiable, window by window.
        """
        raise self._lacks("statistics")

    @property
    def num_expected_moments(self) -> int:
        """How many moments of a color enter the expected cost (ability `expectation`)."""
        raise self._lacks("expectation")

    def expected_color_moments(self, palette: Colors) -> MomentTable:
        """Return what of each color enters the expected cost: its value, its square, ...

        Part of the ability `expectation`; differentiable in the palette.
        """
        raise self._lacks("expectation")

    def expected_from_moments(self, moments: Moments) -> PictureCosts:
        """Price the expected moments of every pixel (ability `expectation`), differentiably."""
        raise self._lacks("expectation")

    @final
    def expected(self, probs: Probs, palette: Colors) -> PictureCosts:
        """Return the expected cost of a picture drawn from `probs` (ability `expectation`)."""
        table = self.expected_color_moments(palette)
        return self.expected_from_moments(mix_moments(table, probs))

    @final
    def price_with_gradient(self, images: DrawnImages) -> tuple[DrawCosts, DrawnImages]:
        """Price pictures and differentiate each price in its pixels (ability `gradient`)."""
        with torch.enable_grad():
            leaves = images.detach().requires_grad_()
            costs = self.cost(leaves)
            (gradient,) = torch.autograd.grad(costs.sum(), leaves)
        return costs.detach(), gradient

    def _lacks(self, ability: Ability) -> AbilityError:
        return AbilityError(f"`{type(self).__name__}` does not offer `{ability}`.")


class Objective(ABC):
    """What a picture shall be good for: configuration that becomes a `Cost` with a target."""

    @property
    @abstractmethod
    def abilities(self) -> frozenset[Ability]:
        """What the bound cost will offer."""

    @property
    @abstractmethod
    def min_size_px(self) -> int:
        """The smallest height and width of a picture that this objective can price."""

    @property
    def is_expectation_exact(self) -> bool:
        """Whether `expectation`, if it is offered, is exact; else it is of second order."""
        return True

    @property
    def draws_its_dither(self) -> bool:
        """Whether the optimum stays random, so that a picture has to be drawn from it."""
        return False

    @abstractmethod
    def bind(self, target: Target) -> Cost:
        """Compute everything that depends on the target alone, once."""

    def __str__(self) -> str:
        return describe(self)


@dataclass(frozen=True)
class ColorCosts:
    """The expected cost `Q_ik = E[f | x_i = k]` of every color at every pixel, as a product.

    `Q = table^T field` up to a constant per pixel, which no choice of colors changes. Kept in
    factors, it takes `m` numbers a pixel instead of `k`, and is unfolded where it is needed.
    """

    table: MomentTable
    field: Moments

    def dense(self) -> Probs:
        """Return `Q` for every color and pixel."""
        return torch.einsum("bmk,bmhw->bkhw", self.table, self.field)

    def at(self, positions: Int[Tensor, "n"]) -> Float[Tensor, "b k n"]:
        """Return `Q` at flattened pixel positions only."""
        field = self.field.flatten(2).index_select(2, positions)
        return torch.stack([rows @ flat for rows, flat in zip(self.table.mT, field, strict=True)])


@dataclass(frozen=True)
class Estimate:
    """What an estimator found out in one step.

    Attributes:
        value: The mean cost of *hard* drawn pictures, or the exact expectation.
        grad_palette: The gradient for the palette, or None where none was asked for.
        num_evaluations: Pictures that were priced.
        num_backward_passes: Priced pictures that were also differentiated.
        logit_gradient: The gradient for the logits, where it was estimated directly.
        color_costs: The exact or estimated `Q`, where the estimator has it.
        probs: The probabilities at which `color_costs` hold.
    """

    value: PictureCosts
    grad_palette: Colors | None
    num_evaluations: int
    num_backward_passes: int
    logit_gradient: Logits | None = None
    color_costs: ColorCosts | None = None
    probs: Probs | None = None

    def is_finite(self) -> Bool[Tensor, ""]:
        """Say on the device whether the value and the gradient hold no infinity and no NaN."""
        gradient = self.logit_gradient if self.color_costs is None else self.color_costs.field
        total = self.value.sum()
        if gradient is not None:
            total = total + gradient.sum()
        return total.isfinite()

    @cached_property
    def grad_logits(self) -> Logits:
        """The gradient for the logits: `p_ik (Q_ik - sum_j p_ij Q_ij)` where `Q` is known."""
        if self.logit_gradient is not None:
            return self.logit_gradient
        if self.color_costs is None or self.probs is None:
            raise AbilityError("This estimate holds no gradient for the logits.")
        return apply_softmax_jacobian(self.probs, self.color_costs.dense())


class Estimator(ABC):
    """A way to estimate the gradient of an expected cost; configuration only, no hidden state.

    `draw` and `weigh` are separate, so that a test can enumerate all draws instead of sampling.
    What must last between steps goes in and out of `weigh` as `state`.
    """

    is_unbiased: ClassVar[bool]
    is_relaxation: ClassVar[bool] = False
    """Whether the temperature of a schedule is this estimator's own; else it weighs the entropy."""
    gives_color_costs: ClassVar[bool] = False
    noise: ClassVar[Noise] = "indices"
    """What `draw` draws: palette indices, uniform numbers, Gumbel noise, or nothing."""
    num_colors: ClassVar[int | None] = None
    """The only size of a palette that this estimator can work with; None for any."""

    @property
    @abstractmethod
    def needs(self) -> frozenset[Ability]:
        """What the objective has to offer."""

    def __str__(self) -> str:
        return describe(self)

    @abstractmethod
    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        """Draw everything random that one estimate needs."""

    @abstractmethod
    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        """Turn draws into an estimate and the state for the next step (None at the first)."""

    @final
    def estimate(
        self,
        model: Categorical,
        cost: Cost,
        generator: torch.Generator,
        state: Any = None,
        temperature: float | None = None,
    ) -> tuple[Estimate, Any]:
        """Draw and weigh.

        Args:
            model: The distribution of drawn pictures.
            cost: Must offer what `needs` names.
            generator: On the model's device.
            state: What the last call handed back; None at first.
            temperature: For relaxations, in place of their own.
        """
        with torch.no_grad():
            draws = self.draw(model, generator)
            return self.weigh(draws, model, cost, state, temperature)


class Optimizer(ABC):
    """A way to move probabilities along estimates; configuration only."""

    learning_rate: float
    needs_color_costs: ClassVar[bool] = False

    def __str__(self) -> str:
        return describe(self)

    @abstractmethod
    def start(self, logits: Logits) -> Any:
        """Make the state before the first step."""

    @abstractmethod
    def step(
        self, state: Any, estimate: Estimate, temperature: float, generator: torch.Generator
    ) -> Probs:
        """Take one step, change `state` in place and return the new probabilities.

        Args:
            state: What `start` made.
            estimate: At the probabilities that the last call returned.
            temperature: What is minimized is `cost - temperature * mean entropy of a pixel`.
            generator: On the device of the logits.
        """


def mix_moments(table: MomentTable, probs: Probs) -> Moments:
    """Return the expected moments of every pixel."""
    b, _, h, w = probs.shape
    # Picture by picture: a batched product of such flat matrices is several times slower.
    products = [rows @ flat for rows, flat in zip(table, probs.flatten(2), strict=True)]
    return torch.stack(products).view(b, -1, h, w)


def apply_softmax_jacobian(probs: Probs, gradient: Probs) -> Logits:
    """Return `p * (g - <p, g>)`: a gradient for probabilities turned into one for logits."""
    centered = gradient - (probs * gradient).sum(dim=1, keepdim=True)
    return centered.mul_(probs)


def require(
    offered: Iterable[Ability],
    needed: Iterable[Ability],
    *,
    who: str,
    whom: str,
    instead: Iterable[str],
) -> None:
    """Refuse an estimator that needs an ability that the objective does not offer.

    Args:
        offered: What the objective offers.
        needed: What the estimator needs.
        who: The estimator, for the message.
        whom: The objective, for the message.
        instead: Estimators that would work.

    Raises:
        AbilityError: Naming what is missing, and `instead`.
    """
    missing = sorted(set(needed) - set(offered))
    if missing:
        abilities = " and ".join(f"`{ability}`" for ability in missing)
        advice = ", ".join(f"`{name}`" for name in instead) or "another objective"
        raise AbilityError(
            f"`{who}` needs an objective with {abilities}, which `{whom}` does not offer. "
            f"What works: {advice}."
        )
