"""Annealing: the falling temperature of a descent."""

from dataclasses import dataclass

import torch

from ditherlab.protocol import Estimate, Estimator, Objective
from ditherlab.schedules import Temperatures, exponential

# By default, the weight of the entropy falls over two decades, in units of the mean difference in
# cost between the best and the second-best color of a pixel.
_HOTTEST = 0.3
_COLDEST = 0.003

# Beside a palette that is fitted, it is this part of that: colors that differ by less than the
# temperature are fitted to the same mixture, and become one.
_FITTED_PART = 0.05

_NUM_PROBED_PIXELS = 4096


@dataclass
class Annealing:
    """The falling temperature of one descent.

    A relaxation takes it as its own temperature; for other estimators it weighs the mean entropy of
    a pixel against the cost, so that an accurate gradient does not freeze the picture early.

    Attributes:
        is_relaxation: Whether the estimator takes the temperature itself.
        probes: Whether a temperature may be found from the first estimate's color costs.
        temperature: First and last temperature; None where nothing is annealed, or the first
            estimate is still to come.
        part: A factor on the temperatures that are found.
    """

    is_relaxation: bool
    probes: bool
    temperature: Temperatures | None
    part: float = 1.0

    @classmethod
    def of(
        cls,
        estimator: Estimator,
        objective: Objective,
        temperature: Temperatures | None,
        *,
        probes: bool = True,
        fits_palette: bool = False,
    ) -> "Annealing":
        """Prepare the annealing of a descent, beside which a palette may be fitted."""
        probes = probes and estimator.gives_color_costs and objective.is_linear
        part = _FITTED_PART if fits_palette else 1.0
        return cls(estimator.is_relaxation, probes, temperature, part)

    def relaxation(self, share: float) -> float | None:
        """Return the temperature for a relaxation; None leaves it its own."""
        if not self.is_relaxation or self.temperature is None:
            return None
        return exponential(*self.temperature)(share)

    def entropy_weight(self, share: float, estimate: Estimate) -> float:
        """Return the weight of the entropy; the first estimate may set the scale."""
        if self.is_relaxation:
            return 0.0
        if self.temperature is None and self.probes:
            scale = self.part * _cost_of_second_best(estimate)
            self.temperature = (_HOTTEST * scale, _COLDEST * scale)
        return exponential(*self.temperature)(share) if self.temperature else 0.0


def _cost_of_second_best(estimate: Estimate) -> float:
    """Return the mean extra cost of a pixel's second-best color, for a whole picture."""
    if estimate.color_costs is None:
        raise ValueError("A temperature can only be probed where color costs are known.")
    _, _, height, width = estimate.color_costs.field.shape
    num_pixels = height * width
    stride = max(1, num_pixels // _NUM_PROBED_PIXELS)
    positions = torch.arange(0, num_pixels, stride, device=estimate.color_costs.field.device)
    best = estimate.color_costs.at(positions).topk(2, dim=1, largest=False).values
    return max(float((best[:, 1] - best[:, 0]).mean()) * num_pixels, 1e-12)
