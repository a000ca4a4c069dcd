"""CARMS: antithetic draws, weighted so that the estimate is unbiased."""

from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ditherlab.devices import widen
from ditherlab.estimators.credit import Credit
from ditherlab.estimators.drawn import Pricing
from ditherlab.estimators.parameters import check_num_samples
from ditherlab.estimators.random_orders import AnyEnds, Bounds, RandomOrders, Rotations
from ditherlab.protocol import Ability, Cost, Estimate, Estimator, Noise
from ditherlab.protocol.categorical import Categorical
from ditherlab.types import Probs

_RAREST_PAIR = 1e-12


@dataclass(frozen=True)
class CARMS(Estimator):
    """`1 / (N (N - 1)) sum_(a<b) r_ab (f_a - f_b) (onehot(x_a) - onehot(x_b))`, draws antithetic.

    In each pixel the N uniform numbers that decide its colors come from a Dirichlet copula: each is
    uniform, and two of them are seldom both large. `r_ab = p(x_a) p(x_b) / p(x_a, x_b)` corrects
    the mean for that. A random order of the colors in each pixel makes all pairs of them possible,
    so that the ratio is finite: any rotation of the palette with three or more draws. Two draws,
    from `u` and `1 - u`, need orders with any two colors at the ends. Unbiased; with independent
    draws it is `leave-one-out`, and with two draws of two colors it is `disarm`. Costs
    `num_samples` evaluations.

    Source: Alek Dimitriev and Mingyuan Zhou, "CARMS: Categorical-Antithetic-REINFORCE Multi-Sample
    Gradient Estimator", NeurIPS 2021, also for orders with two colors at the ends; the copula is
    that of their "ARMS", ICML 2021, sec. 3. The rotation is ours.

    Attributes:
        num_samples: Pictures to draw per step, at least 2.
        credit: `local` credits each pixel only with the windows that contain it.
    """

    is_unbiased: ClassVar[bool] = True
    noise: ClassVar[Noise] = "uniform"

    num_samples: int = 4
    credit: Credit = "global"

    def __post_init__(self) -> None:
        why = "one draw has no other to differ from. Use `score-function`."
        check_num_samples(self, self.num_samples, least=2, why=why)

    @property
    def needs(self) -> frozenset[Ability]:
        return Pricing(self.credit).needs

    def draw(self, model: Categorical, generator: torch.Generator) -> Tensor:
        """Draw independent uniform numbers for each picture, and for the order."""
        b, _, h, w = model.probs.shape
        shape = (self.num_samples + 1, b, h, w)
        device, dtype = model.probs.device, model.probs.dtype
        return torch.rand(shape, generator=generator, device=device, dtype=dtype)

    def weigh(
        self, draws: Tensor, model: Categorical, cost: Cost, state: Any, temperature: float | None
    ) -> tuple[Estimate, Any]:
        num_colors = model.probs.shape[1]
        copula = DirichletCopula(self.num_samples)
        orders = _orders_for(num_colors, copula)
        indices = orders.invert(copula.couple(draws[:-1]), draws[-1], model.probs)
        priced = Pricing(self.credit).price(indices, model, cost)
        weights = torch.zeros_like(priced.pixel_costs)
        for a, b in combinations(range(self.num_samples), 2):
            ratio = _independence_ratio(indices[a], indices[b], copula, model.probs)
            difference = ratio * (priced.pixel_costs[a] - priced.pixel_costs[b])
            weights[a] += difference
            weights[b] -= difference
        num_ordered_pairs = self.num_samples * (self.num_samples - 1)
        return priced.estimate(model, weights / num_ordered_pairs), None


@dataclass(frozen=True)
class DirichletCopula:
    """Uniform numbers `u_n = 1 - (1 - d_n)^(N - 1)` of a point d that is uniform on the simplex.

    Attributes:
        size: N, the number of uniform numbers.
    """

    size: int

    def couple(self, independent: Float[Tensor, "s b h w"]) -> Float[Tensor, "s b h w"]:
        """Turn independent uniform numbers into coupled ones."""
        exponentials = -torch.log1p(-independent)
        shares = exponentials / exponentials.sum(dim=0)
        return 1 - (1 - shares) ** (self.size - 1)

    def chance_above(self, first: Bounds, second: Bounds) -> Bounds:
        """Return the probability that one number is above `first` and another above `second`."""
        power = 1 / (self.size - 1)
        both = (1 - first).clamp_min(0) ** power + (1 - second).clamp_min(0) ** power - 1
        return both.clamp_min(0) ** (self.size - 1)


def _orders_for(num_colors: int, copula: DirichletCopula) -> RandomOrders:
    """Return orders in which any two colors may be drawn together.

    With `u` and `1 - u`, only colors at opposite places are drawn together.
    """
    return AnyEnds(num_colors) if copula.size == 2 else Rotations(num_colors)


def _independence_ratio(
    first: Int[Tensor, "b h w"],
    second: Int[Tensor, "b h w"],
    copula: DirichletCopula,
    probs: Probs,
) -> Bounds:
    """Return `p(x) p(y) / p(x, y)`, with the joint probability averaged over all orders.

    The ratio is 0 if both colors are the same, because such a pair has no weight. It is computed in
    double precision where the device has it: the joint probability is a difference of numbers near
    1.
    """
    given = probs
    probs = widen(given) / widen(given).sum(dim=1, keepdim=True)
    num_colors = probs.shape[1]
    chance_first = probs.gather(1, first.unsqueeze(1)).squeeze(1)
    chance_second = probs.gather(1, second.unsqueeze(1)).squeeze(1)
    cumulative = torch.nn.functional.pad(probs.cumsum(dim=1), (0, 0, 0, 0, 1, 0))
    orders = _orders_for(num_colors, copula)
    joint = torch.zeros_like(chance_first)
    for ends in orders.ends:
        low_first = orders.lower_bound(cumulative, first, *ends)
        low_second = orders.lower_bound(cumulative, second, *ends)
        high_first, high_second = low_first + chance_first, low_second + chance_second
        joint += (
            copula.chance_above(low_first, low_second)
            - copula.chance_above(high_first, low_second)
            - copula.chance_above(low_first, high_second)
            + copula.chance_above(high_first, high_second)
        )
    independent = chance_first * chance_second
    # For colors that are hardly ever drawn together, the difference is all rounding error.
    is_rare = independent < _RAREST_PAIR
    ratio = torch.where(is_rare, 1.0, independent * len(orders.ends) / joint.where(~is_rare, 1.0))
    return ratio.where(first != second, 0.0).to(given.dtype)
