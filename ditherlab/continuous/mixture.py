"""Mixtures of normal distributions, which have an implicit derivative but no simple path."""

import torch
from torch import Tensor

from ditherlab.continuous.family import Draws, Family, Parameters
from ditherlab.continuous.location_scale import Normal

_NORMAL = Normal()


class NormalMixture(Family):
    """A mixture of normal distributions, weighted by the softmax of logits.

    A draw cannot move smoothly from one component to another as the weights change, but the
    derivative of the cumulative probability gives the implicit derivative of a draw.

    Example:
        >>> at = {"logits": torch.zeros(2), "locations": torch.tensor([-1.0, 1.0])}
        >>> at["scales"] = torch.ones(2)
        >>> round(NormalMixture().cdf(at, torch.tensor([0.0])).item(), 6)
        0.5
    """

    names = ("logits", "locations", "scales")

    def draw(self, parameters: Parameters, num_draws: int, generator: torch.Generator) -> Draws:
        with torch.no_grad():
            probs = parameters["logits"].softmax(dim=-1).expand(num_draws, -1)
            hills = torch.multinomial(probs, 1, generator=generator)
            locations, scales = (
                parameters[name].expand(num_draws, -1).gather(1, hills)[:, 0]
                for name in ("locations", "scales")
            )
            return _NORMAL.draw({"location": locations, "scale": scales}, num_draws, generator)

    def log_density(self, parameters: Parameters, draws: Draws) -> Draws:
        of_hills = _NORMAL.log_density(_hills(parameters), draws.unsqueeze(-1))
        return (parameters["logits"].log_softmax(dim=-1) + of_hills).logsumexp(dim=-1)

    def cdf(self, parameters: Parameters, draws: Draws) -> Draws | None:
        noise = (draws.unsqueeze(-1) - parameters["locations"]) / parameters["scales"]
        return (parameters["logits"].softmax(dim=-1) * _NORMAL.cdf_of_noise(noise)).sum(dim=-1)

    def mean_and_variance(self, parameters: Parameters) -> tuple[Tensor, Tensor] | None:
        weights = parameters["logits"].softmax(dim=-1)
        mean = (weights * parameters["locations"]).sum(dim=-1)
        spread = (parameters["locations"] - mean.unsqueeze(-1)).square()
        return mean, (weights * (spread + parameters["scales"].square())).sum(dim=-1)


def _hills(parameters: Parameters) -> Parameters:
    return {"location": parameters["locations"], "scale": parameters["scales"]}
