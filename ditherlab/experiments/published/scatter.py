"""Gradients of many trials: how they scatter around what they estimate."""

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from ditherlab.experiments.published.findings import Claim

# The error of a mean, where nothing scatters: rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Scatter:
    """The means and the variances of a gradient over independent trials, entry by entry.

    Attributes:
        means: Of each entry.
        variances: Of one trial.
        exact: What the means estimate.
        num_trials: How many there were.
    """

    means: Float[Tensor, "*n"]
    variances: Float[Tensor, "*n"]
    exact: Float[Tensor, "*n"]
    num_trials: int

    @classmethod
    def of(cls, gradients: Float[Tensor, "t *n"], exact: Float[Tensor, "*n"]) -> "Scatter":
        """Look at the gradients of all trials.

        Example:
            >>> import torch
            >>> Scatter.of(torch.tensor([1.0, 3.0]), torch.tensor(2.5)).most_errors
            0.5
        """
        return cls(gradients.mean(dim=0), gradients.var(dim=0), exact, len(gradients))

    @property
    def errors(self) -> Float[Tensor, "*n"]:
        """How many standard errors each mean is off."""
        error = (self.variances / self.num_trials).sqrt()
        return (self.means - self.exact).abs() / error.clamp_min(_ROUNDING)

    @property
    def most_errors(self) -> float:
        """How many standard errors a mean is off, at most."""
        return float(self.errors.max())


def claim_means_agree(where: str, scatters: Mapping[str, Scatter], most_errors: float) -> Claim:
    """Claim that no mean is further from the exact gradient than chance allows.

    Args:
        where: What is claimed for: "t = 0.45: ".
        scatters: By what was measured.
        most_errors: Standard errors that chance is allowed.
    """
    worst = max(scatters, key=lambda name: scatters[name].most_errors)
    return Claim(
        f"{where}the mean of every unbiased estimator is within {most_errors:g} standard errors "
        "of the exact gradient.",
        scatters[worst].most_errors <= most_errors,
        f"The farthest, `{worst}`, is {scatters[worst].most_errors:.1f} off, of "
        f"{scatters[worst].num_trials} trials.",
    )
