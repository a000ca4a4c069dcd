"""How randomness leaves a run: the temperature, and what it means to which estimator."""

from dataclasses import dataclass

import torch

from ditherlab.problem.problem import Problem
from ditherlab.protocol import Estimate
from ditherlab.schedules import exponential

# Without a temperature of the user's, the entropy's weight falls over two decades, in units of
# what the second-best color of a pixel costs more than its best one, on average.
_HOTTEST = 0.3
_COLDEST = 0.003

_NUM_PROBED_PIXELS = 4096


@dataclass
class Annealing:
    """The falling temperature of one run.

    A relaxation gets it as its own; for every other estimator it weighs the mean entropy of a pixel
    against the cost, so that an accurate gradient does not freeze the picture early.

    Attributes:
        is_relaxation: Whether the estimator takes the temperature itself.
        probes: Whether a temperature may be found from the first estimate's color costs.
        temperature: Start and end; None where nothing is annealed (or not yet).
    """

    is_relaxation: bool
    probes: bool
    temperature: tuple[float, float] | None

    @classmethod
    def of(cls, problem: Problem) -> "Annealing":
        """Read from a problem what is to be annealed."""
        estimator = problem.chosen_estimator
        objective = problem.objective
        is_linear = objective.is_expectation_exact and not objective.draws_its_dither
        probes = estimator.gives_color_costs and is_linear and problem.model is None
        return cls(estimator.is_relaxation, probes, problem.temperature)

    def relaxation(self, progress: float) -> float | None:
        """Return the temperature for a relaxation; None leaves it its own."""
        if not self.is_relaxation or self.temperature is None:
            return None
        return exponential(*self.temperature)(progress)

    def entropy_weight(self, progress: float, estimate: Estimate) -> float:
        """Return the weight of the entropy; the first estimate may set the scale."""
        if self.is_relaxation:
            return 0.0
        if self.temperature is None and self.probes:
            scale = _cost_of_second_best(estimate)
            self.temperature = (_HOTTEST * scale, _COLDEST * scale)
        return exponential(*self.temperature)(progress) if self.temperature else 0.0


def _cost_of_second_best(estimate: Estimate) -> float:
    if estimate.color_costs is None:
        raise ValueError("A temperature can only be probed where color costs are known.")
    _, _, height, width = estimate.color_costs.field.shape
    num_pixels = height * width
    stride = max(1, num_pixels // _NUM_PROBED_PIXELS)
    positions = torch.arange(0, num_pixels, stride, device=estimate.color_costs.field.device)
    best = estimate.color_costs.at(positions).topk(2, dim=1, largest=False).values
    return max(float((best[:, 1] - best[:, 0]).mean()) * num_pixels, 1e-12)
