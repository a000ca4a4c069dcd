"""ARM: augment, reinforce, merge; for two colors."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from ditherlab.estimators.antithetic import Antithetic, AntitheticPairs
from ditherlab.protocol.categorical import Categorical


@dataclass(frozen=True)
class ARM(Antithetic):
    """`(f(x(u)) - f(x(1 - u))) (1/2 - u)` for the logit of the second color, drawn where `u < p_1`.

    Unbiased, for two colors. The costs of an antithetic pair are each other's baseline. Costs two
    evaluations per pair.

    Source: Mingzhang Yin and Mingyuan Zhou, "ARM: Augment-REINFORCE-Merge Gradient for Stochastic
    Binary Networks", ICLR 2019, theorem 1.

    Attributes:
        num_samples: Pictures to draw per step; rounded down to whole pairs.
    """

    num_samples: int = 2

    def slopes(
        self, uniform: Float[Tensor, "s b h w"], pairs: AntitheticPairs, model: Categorical
    ) -> Float[Tensor, "s b h w"]:
        return pairs.difference * (0.5 - uniform)
