"""Weighted sums of objectives: `viewed-error+0.1*viewed-ssim`."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch

from ditherlab.errors import RequestError
from ditherlab.protocol import Ability, Cost, Objective, Target
from ditherlab.protocol.categorical import Categorical
from ditherlab.specs import write_number
from ditherlab.types import (
    Colors,
    CostMap,
    DrawCosts,
    DrawnImages,
    DrawnMoments,
    Moments,
    MomentTable,
    PictureCosts,
    Statistics,
    WindowWeights,
)


@dataclass(frozen=True)
class ObjectiveSum(Objective):
    """A weighted sum of objectives; it offers the abilities that all of them have.

    Attributes:
        terms: Pairs of a finite weight and an objective; at least one.
    """

    terms: tuple[tuple[float, Objective], ...]

    def __post_init__(self) -> None:
        if not self.terms:
            raise RequestError("`ObjectiveSum` must have at least one term, got none.")

    @property
    def abilities(self) -> frozenset[Ability]:
        shared = frozenset.intersection(*(objective.abilities for _, objective in self.terms))
        # Squared errors in different spaces have no equations in common.
        return shared - {"quadratic"}

    @property
    def min_size_px(self) -> int:
        return max(objective.min_size_px for _, objective in self.terms)

    @property
    def is_expectation_exact(self) -> bool:
        return all(objective.is_expectation_exact for _, objective in self.terms)

    @property
    def code_words(self) -> str:
        return repr([(weight, objective.code_words) for weight, objective in self.terms])

    def num_extra_planes(self, *, has_gradient: bool) -> float:
        return sum(x.num_extra_planes(has_gradient=has_gradient) for _, x in self.terms)

    def why_without(self, ability: Ability) -> str:
        reasons = (objective.why_without(ability) for _, objective in self.terms)
        return next(filter(None, reasons), "")

    @property
    def draws_its_dither(self) -> bool:
        return any(objective.draws_its_dither for _, objective in self.terms)

    def suited_to(self, *, learned_palette: bool, has_gamut: bool = False) -> "ObjectiveSum":
        terms = (
            (w, x.suited_to(learned_palette=learned_palette, has_gamut=has_gamut))
            for w, x in self.terms
        )
        return ObjectiveSum(tuple(terms))

    def for_size(self, height: int, width: int) -> "ObjectiveSum":
        return ObjectiveSum(tuple((w, x.for_size(height, width)) for w, x in self.terms))

    def bind(self, target: Target) -> Cost:
        return CostSum(
            tuple((weight, objective.bind(target)) for weight, objective in self.terms),
            self.abilities,
        )

    def __str__(self) -> str:
        return _write_sum((weight, str(objective)) for weight, objective in self.terms)

    @property
    def public_words(self) -> str:
        return _write_sum((weight, objective.public_words) for weight, objective in self.terms)


@dataclass(frozen=True, eq=False)
class CostSum(Cost):
    """The costs of an `ObjectiveSum`, bound to one target."""

    terms: tuple[tuple[float, Cost], ...]
    abilities: frozenset[Ability]

    @property
    def is_expectation_exact(self) -> bool:
        return all(cost.is_expectation_exact for _, cost in self.terms)

    def cost(self, images: DrawnImages) -> DrawCosts:
        return torch.stack([weight * cost.cost(images) for weight, cost in self.terms]).sum(dim=0)

    @property
    def footprint_px(self) -> int:
        return max(cost.footprint_px for _, cost in self.terms)

    def cost_map(self, images: DrawnImages) -> CostMap:
        maps = [weight * cost.cost_map(images) for weight, cost in self.terms]
        return torch.stack(maps).sum(dim=0)

    def restrict(self, rows: range, halo_px: int) -> Cost:
        terms = tuple((weight, cost.restrict(rows, halo_px)) for weight, cost in self.terms)
        return CostSum(terms, self.abilities)

    def color_moments(self, palette: Colors) -> MomentTable:
        return torch.cat([cost.color_moments(palette) for _, cost in self.terms], dim=1)

    @property
    def num_moments(self) -> int:
        return sum(cost.num_moments for _, cost in self.terms)

    @property
    def num_statistics(self) -> int:
        return sum(cost.num_statistics for _, cost in self.terms)

    def features(self, moments: DrawnMoments) -> Statistics:
        parts = moments.split([cost.num_moments for _, cost in self.terms], dim=2)
        pairs = zip(self.terms, parts, strict=True)
        return torch.cat([cost.features(part) for (_, cost), part in pairs], dim=2)

    def gather(self, features: Statistics) -> Statistics:
        parts = features.split([cost.num_statistics for _, cost in self.terms], dim=2)
        pairs = zip(self.terms, parts, strict=True)
        return torch.cat([cost.gather(part) for (_, cost), part in pairs], dim=2)

    def window_weights(self, rows: int, columns: int) -> WindowWeights:
        weights = [
            cost.window_weights(rows, columns).expand(cost.num_statistics, -1, -1)
            for _, cost in self.terms
        ]
        return torch.cat(weights)

    def map_from_statistics(self, statistics: Statistics) -> CostMap:
        parts = statistics.split([cost.num_statistics for _, cost in self.terms], dim=2)
        pairs = zip(self.terms, parts, strict=True)
        maps = [weight * cost.map_from_statistics(part) for (weight, cost), part in pairs]
        return torch.stack(maps).sum(dim=0)

    @property
    def num_expected_moments(self) -> int:
        return sum(cost.num_expected_moments for _, cost in self.terms)

    def expected_color_moments(self, palette: Colors) -> MomentTable:
        return torch.cat([cost.expected_color_moments(palette) for _, cost in self.terms], dim=1)

    def estimate_expected(self, model: Categorical, generator: torch.Generator) -> PictureCosts:
        if "value" in self.abilities:
            return super().estimate_expected(model, generator)
        # Some parts price no drawn picture, others know no exact expectation.
        parts = [weight * cost.estimate_expected(model, generator) for weight, cost in self.terms]
        return torch.stack(parts).sum(dim=0)

    def close(self) -> None:
        for _, cost in self.terms:
            cost.close()

    def expected_from_moments(self, moments: Moments) -> PictureCosts:
        parts = moments.split([cost.num_expected_moments for _, cost in self.terms], dim=1)
        costs = [
            weight * cost.expected_from_moments(part)
            for (weight, cost), part in zip(self.terms, parts, strict=True)
        ]
        return torch.stack(costs).sum(dim=0)


def _write_sum(terms: Iterable[tuple[float, str]]) -> str:
    return "+".join(
        words if weight == 1 else f"{write_number(weight)}*{words}" for weight, words in terms
    )
