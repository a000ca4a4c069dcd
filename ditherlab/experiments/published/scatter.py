"""Means and variances of gradients over many trials."""

from collections.abc import Mapping
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from ditherlab.experiments.published.findings import Claim

# The smallest standard error of a mean, to allow for rounding.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Scatter:
    """The means and the variances of a gradient over independent trials, entry by entry.

    Attributes:
        means: The mean of each entry.
        variances: The variance of each entry in one trial.
        exact: The exact gradient.
        num_trials: Number of trials.
    """

    means: Float[Tensor, "*n"]
    variances: Float[Tensor, "*n"]
    exact: Float[Tensor, "*n"]
    num_trials: int

    @classmethod
    def of(cls, gradients: Float[Tensor, "t *n"], exact: Float[Tensor, "*n"]) -> "Scatter":
        """Compute the statistics of the gradients of all trials.

        Example:
            >>> import torch
            >>> Scatter.of(torch.tensor([1.0, 3.0]), torch.tensor(2.5)).most_errors
            0.5
        """
        return cls(gradients.mean(dim=0), gradients.var(dim=0), exact, len(gradients))

    @property
    def errors(self) -> Float[Tensor, "*n"]:
        """The error of each mean, in standard errors."""
        error = (self.variances / self.num_trials).sqrt()
        return (self.means - self.exact).abs() / error.clamp_min(_ROUNDING)

    @property
    def most_errors(self) -> float:
        """The largest error of a mean, in standard errors."""
        return float(self.errors.max())


def claim_means_agree(where: str, scatters: Mapping[str, Scatter], most_errors: float) -> Claim:
    """Return the claim that all means agree with the exact gradient within chance.

    Args:
        where: A prefix of the claim, such as "t = 0.45: ".
        scatters: The statistics by label.
        most_errors: The largest allowed error, in standard errors.
    """
    worst = max(scatters, key=lambda name: scatters[name].most_errors)
    return Claim(
        f"{where}the mean of every unbiased estimator is within {most_errors:g} standard errors "
        "of the exact gradient.",
        scatters[worst].most_errors <= most_errors,
        f"The farthest, `{worst}`, is {scatters[worst].most_errors:.1f} off, of "
        f"{scatters[worst].num_trials} trials.",
    )
