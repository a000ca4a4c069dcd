"""Pairs of perturbed logits that draw the same picture, shared by REBAR and RELAX."""

from dataclasses import dataclass

from jaxtyping import Float, Int
from torch import Tensor

from ditherlab.protocol.categorical import Categorical, largest_color
from ditherlab.types import DrawnImages, Indices, Logits, Probs

_TINY = 1e-30

Scores = Float[Tensor, "s b k h w"]
"""Perturbed log probabilities; the drawn color is the one with the largest."""


Differences = Float[Tensor, "s *where"]
"""The cost of each draw minus its control variate, of pictures or of pixels."""


@dataclass(frozen=True)
class CoupledScores:
    """Two sets of perturbed log probabilities that draw the same picture.

    Given that color d won, `z~_d = -log E_d` and `z~_k = -log(E_k / p_k + E_d)` for the others,
    with independent unit exponentials E (the probabilities sum to 1): as random as z, given d.

    Source: George Tucker et al., "REBAR", NeurIPS 2017, appendix C; for categoricals Will Grathwohl
    et al., "Backpropagation through the Void", ICLR 2018, appendix B.

    Attributes:
        free: `z = log p + g` with Gumbel noise g.
        given: `z~`, drawn under the condition that the same colors win.
        follow: `dz~_k / dlog p_k`, the derivative of `z~` by the log probabilities.
        probs: `p`.
    """

    free: Scores
    given: Scores
    follow: Scores
    probs: Probs

    @classmethod
    def of(cls, noise: Scores, model: Categorical) -> "CoupledScores":
        """Make `z` from the first half of Gumbel noise, and `z~` from the second."""
        first, second = noise.chunk(2)
        free = model.log_probs + first
        winner = largest_color(free).unsqueeze(2)
        given, follow = condition_noise(second, winner, model.probs)
        return cls(free, given, follow, model.probs)

    @property
    def indices(self) -> Indices:
        """The pictures that both sets draw."""
        return largest_color(self.free)

    def to_logits(self, grad_free: Scores, grad_given: Scores) -> Logits:
        """Convert gradients for both sets to one for the logits, the mean over the draws."""
        gradient = (grad_free + grad_given * self.follow).mean(dim=0)
        # The log probabilities are the logits, less the logarithm of their sum of exponentials.
        return gradient - self.probs * gradient.sum(dim=1, keepdim=True)


def condition_noise(
    noise: Float[Tensor, "*s b k h w"], winner: Int[Tensor, "*s b 1 h w"], probs: Probs
) -> tuple[Float[Tensor, "*s b k h w"], Float[Tensor, "*s b k h w"]]:
    """Perturb log probabilities by Gumbel noise, under the condition that a given color wins.

    Returns:
        The perturbed log probabilities, and their derivatives in the log probabilities.
    """
    exponentials = noise.neg().exp()
    winning = exponentials.gather(-3, winner)
    apart = exponentials / probs.clamp_min(_TINY)
    perturbed = (apart + winning).scatter(-3, winner, winning).log().neg()
    return perturbed, (apart / (apart + winning)).scatter(-3, winner, 0.0)


def leave_out(differences: Differences) -> Differences:
    """Return the weight of each draw from its difference to the control variate.

    With several draws, the mean of the other draws, which are independent, is the baseline.
    """
    num_samples = len(differences)
    if num_samples == 1:
        return differences
    return (differences - differences.mean(dim=0)) / (num_samples - 1)


def relax(scores: Scores, tau: float, model: Categorical) -> DrawnImages:
    """Mix the colors of every pixel: `softmax(scores / tau) C`."""
    return model.mix((scores / tau).softmax(dim=2))
