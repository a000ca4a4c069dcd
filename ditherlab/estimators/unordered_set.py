"""The unordered-set estimator: pictures drawn without replacement."""

from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from ditherlab.devices import widen
from ditherlab.estimators.enumeration import list_pictures, log_chances, number_to_indices
from ditherlab.estimators.hard_prices import HardPrices
from ditherlab.estimators.parameters import check_num_samples
from ditherlab.protocol import Ability, Cost, Estimate, Estimator, Noise
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import DrawCosts

_MOST_SAMPLES = 8


@dataclass(frozen=True)
class UnorderedSet(Estimator):
    """`sum_s p(s) R(s) (f(s) - b(s)) grad log p(s)` over a set of different pictures.

    R(s) is the probability of the set if s was drawn first, over that of the set in any order. The
    baseline `b(s) = p(s) f(s) + sum_(t not s) p(t) R(s, t) f(t)` is the same estimate of the mean
    cost, given that s was drawn first. Unbiased. If pictures hardly repeat, it is `leave-one-out`:
    it differs on tiny problems only, and is refused above 65 536 pictures. Costs `num_samples`
    evaluations.

    Source: Wouter Kool et al., "Estimating Gradients for Discrete Random Variables by Sampling
    without Replacement", ICLR 2020, eq. 7 to 12.

    Attributes:
        num_samples: Different pictures to draw per step, 2 to 8.
    """

    is_unbiased: ClassVar[bool] = True
    noise: ClassVar[Noise] = "other"
    max_num_pictures: ClassVar[int | None] = 1 << 16

    num_samples: int = 4

    def __post_init__(self) -> None:
        check_num_samples(self, self.num_samples, least=2, most=_MOST_SAMPLES)

    @property
    def needs(self) -> frozenset[Ability]:
        return frozenset({"value"})

    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        """Draw without replacement: the pictures with the largest perturbed log probabilities."""
        _, num_colors, height, width = model.probs.shape
        log_probs = model.log_probs
        perturbed = torch.cat([log_chances(x, log_probs) for x in list_pictures(log_probs)])
        perturbed -= torch.empty_like(perturbed).exponential_(generator=generator).log_()
        largest = perturbed.topk(min(self.num_samples, len(perturbed)), dim=0)
        return number_to_indices(largest.indices, num_colors, height, width)

    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        logs = log_chances(draws, model.log_probs)
        chances, ratios = logs.exp(), LeaveOneOutRatios.of(logs)
        shares = chances * ratios.first
        priced = HardPrices.of(draws, model, cost, shares)
        baselines = (ratios.second * (chances * priced.costs)).sum(dim=1)
        weights = shares * (priced.costs - baselines)
        return Estimate(
            value=(shares * priced.costs).sum(dim=0),
            grad_palette=priced.grad_palette,
            num_evaluations=len(draws),
            num_backward_passes=priced.num_backward_passes,
            logit_gradient=model.weigh_scores(draws, weights[:, :, None, None].expand(draws.shape)),
        ), None


@dataclass(frozen=True)
class LeaveOneOutRatios:
    """Ratios of the probability of a set given its first members to that of the set.

    Attributes:
        first: `R(s)` for each member.
        second: `R(s, t)`: the same for t as the first after s; 1 for t = s.
    """

    first: DrawCosts
    second: Float[Tensor, "s t b"]

    @classmethod
    def of(cls, log_chances: DrawCosts) -> "LeaveOneOutRatios":
        """Sum over all orders of the set, subset by subset, in logarithms to avoid underflow."""
        logs = widen(log_chances)
        members = range(len(logs))
        # The probability that the rest of the set follows, in any order, after `drawn`.
        follows = {frozenset(members): torch.zeros_like(logs[0])}
        for size in reversed(members):
            for drawn in map(frozenset, combinations(members, size)):
                rest = [member for member in members if member not in drawn]
                gone = logs[list(drawn)].exp().sum(dim=0)
                # Rounding must not make the remaining probability less than that of the set.
                left = torch.log1p(-gone.clamp_max(1)).maximum(logs[rest].logsumexp(dim=0))
                nexts = [logs[member] + follows[drawn | {member}] for member in rest]
                follows[drawn] = torch.stack(nexts).logsumexp(dim=0) - left
        first = torch.stack([follows[frozenset({s})] - follows[frozenset()] for s in members])
        second = [
            torch.stack([follows[frozenset({s, t})] - follows[frozenset({s})] for t in members])
            for s in members
        ]
        return cls(first.exp().to(log_chances), torch.stack(second).exp().to(log_chances))
