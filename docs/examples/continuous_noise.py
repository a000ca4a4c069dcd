"""Noise before rounding: which gradients climb a staircase, and which are refused.

    python docs/examples/continuous_noise.py

A gray value of 0.4 gets noise. Once its square is the cost, which is smooth, and once the squared
error of what rounding to 0 or 1 makes of it, which is a staircase. The parameter is the location of
the noise. Paths are right where the cost is smooth and zero on the stairs; the score is right on
both, and refused where the ends of the noise move; measure-valued derivatives are right on both,
for families that have them here.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from ditherlab.continuous import (
    ContinuousEstimator,
    Implicit,
    Logistic,
    MeasureValued,
    Normal,
    Pathwise,
    Score,
    Triangular,
    Uniform,
)
from ditherlab.continuous.location_scale import LocationScale
from ditherlab.errors import AbilityError

Price = Callable[[Tensor], Tensor]

AT = {"location": torch.tensor(0.4).double(), "scale": torch.tensor(0.3).double()}
FAMILIES = (Normal(), Logistic(), Uniform(), Triangular())
ESTIMATORS = (Score(), Pathwise(), Implicit(), MeasureValued())
NUM_DRAWS, STEP = 100_000, 0.01


def smooth(x: Tensor) -> Tensor:
    """Price the value itself."""
    return x.square()


def stairs(x: Tensor) -> Tensor:
    """Price what rounding makes of it: 0 or 1, for a gray of 0.4."""
    # Autograd shall see a slope, of zero.
    return ((x > 0.5).double() - 0.4).square() + 0 * x


def main() -> None:
    """Print a line for each family and cost."""
    for family in FAMILIES:
        for price in (smooth, stairs):
            print(f"{type(family).__name__}, {price.__name__}: exact {exact(family, price):+.3f}")
            for estimator in ESTIMATORS:
                print(f"  {type(estimator).__name__}: {told(estimator, family, price)}")


def told(estimator: ContinuousEstimator, family: LocationScale, price: Price) -> str:
    """Estimate, or say why not."""
    generator = torch.Generator().manual_seed(0)
    try:
        found = estimator.gradients(family, AT, price, NUM_DRAWS, generator)["location"]
    except AbilityError as error:
        return f"refused. {error}"
    return f"{found.mean():+.3f}, standard error {found.std() / NUM_DRAWS**0.5:.3f}"


def exact(family: LocationScale, price: Price) -> float:
    """Integrate, here and a step to both sides."""
    noise = torch.linspace(-40, 40, 400_001, dtype=torch.float64)
    mass = family.log_density_of_noise(noise).exp()
    ends = [
        (price(AT["location"] + move + AT["scale"] * noise) * mass).sum() / mass.sum()
        for move in (STEP, -STEP)
    ]
    return float(ends[0] - ends[1]) / (2 * STEP)


if __name__ == "__main__":
    main()
