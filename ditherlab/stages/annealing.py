"""Annealing: the falling temperature of a descent."""

from dataclasses import dataclass

import torch

from ditherlab.protocol import Estimate, Estimator, Objective
from ditherlab.schedules import Temperatures, exponential

# By default, the weight of the entropy falls over two decades, in units of the mean difference in
# cost between the best and the second-best color of a pixel.
_HOTTEST = 0.3
_COLDEST = 0.003

_NUM_PROBED_PIXELS = 4096


@dataclass
class Annealing:
    """The falling temperature of one descent.

    A relaxation takes it as its own temperature; for other estimators it weighs the mean entropy of
    a pixel against the cost, so that an accurate gradient does not freeze the picture early.

    Attributes:
        is_relaxation: Whether the estimator takes the temperature itself.
        probes: Whether temperatures may be found from the first estimate's color costs.
        temperatures: First and last temperature of each picture; None where nothing is annealed, or
            the first estimate is still to come.
    """

    is_relaxation: bool
    probes: bool
    temperatures: list[Temperatures] | None

    @classmethod
    def of(
        cls,
        estimator: Estimator,
        objective: Objective,
        temperature: Temperatures | None,
        num_pictures: int,
        *,
        probes: bool = True,
    ) -> "Annealing":
        """Prepare the annealing of a descent."""
        is_linear = objective.is_expectation_exact and not objective.draws_its_dither
        probes = probes and estimator.gives_color_costs and is_linear
        given = None if temperature is None else [temperature] * num_pictures
        return cls(estimator.is_relaxation, probes, given)

    @property
    def mean(self) -> Temperatures | None:
        """First and last temperature, averaged over the pictures."""
        if self.temperatures is None:
            return None
        firsts, lasts = zip(*self.temperatures, strict=True)
        return sum(firsts) / len(firsts), sum(lasts) / len(lasts)

    def relaxation(self, share: float) -> float | None:
        """Return the temperature for a relaxation; None leaves it its own."""
        if not self.is_relaxation or self.temperatures is None:
            return None
        return exponential(*self.temperatures[0])(share)

    def entropy_weights(self, share: float, estimate: Estimate) -> list[float]:
        """Return the weight of each picture's entropy; the first estimate may set the scale."""
        num_pictures = len(estimate.value)
        if self.is_relaxation:
            return [0.0] * num_pictures
        if self.temperatures is None and self.probes:
            scales = _costs_of_second_best(estimate)
            self.temperatures = [(_HOTTEST * scale, _COLDEST * scale) for scale in scales]
        if self.temperatures is None:
            return [0.0] * num_pictures
        return [exponential(*pair)(share) for pair in self.temperatures]


def _costs_of_second_best(estimate: Estimate) -> list[float]:
    """Return the mean extra cost of a pixel's second-best color, for each picture."""
    if estimate.color_costs is None:
        raise ValueError("A temperature can only be probed where color costs are known.")
    _, _, height, width = estimate.color_costs.field.shape
    num_pixels = height * width
    stride = max(1, num_pixels // _NUM_PROBED_PIXELS)
    positions = torch.arange(0, num_pixels, stride, device=estimate.color_costs.field.device)
    best = estimate.color_costs.at(positions).topk(2, dim=1, largest=False).values
    gaps = (best[:, 1] - best[:, 0]).unbind()
    return [max(float(gap.mean()) * num_pixels, 1e-12) for gap in gaps]
