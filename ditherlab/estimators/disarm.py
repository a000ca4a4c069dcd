"""DisARM: ARM, averaged over all uniform numbers that draw the same pair."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from ditherlab.estimators.antithetic import Antithetic, AntitheticPairs
from ditherlab.protocol.categorical import Categorical


@dataclass(frozen=True)
class Disarm(Antithetic):
    """`1/2 (f(x) - f(x')) (x - x') max(p_0, p_1)` for the second color's logit.

    The pictures x and x' of a pair are drawn from `u` and `1 - u`; pixels where they agree get no
    gradient. Unbiased, for two colors; its variance is never larger than that of ARM. Costs two
    evaluations per pair.

    Source: Zhe Dong et al., "DisARM: An Antithetic Gradient Estimator for Binary Latent Variables",
    NeurIPS 2020, eq. 10; found at the same time as U2G by Yin et al.

    Attributes:
        num_samples: Pictures to draw per step; rounded down to whole pairs.
    """

    num_samples: int = 2

    def slopes(
        self, uniform: Float[Tensor, "s b h w"], pairs: AntitheticPairs, model: Categorical
    ) -> Float[Tensor, "s b h w"]:
        signs = (pairs.first - pairs.second).to(uniform.dtype)
        return 0.5 * pairs.difference * signs * model.probs.amax(dim=1)
