"""Gradients of a small picture's cost for the parameters of noise added before rounding."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ditherlab.continuous import (
    ContinuousEstimator,
    Logistic,
    MeasureValued,
    Normal,
    Pathwise,
    Score,
    SmoothedPerturbation,
    Triangular,
    Uniform,
)
from ditherlab.continuous.location_scale import LocationScale
from ditherlab.errors import AbilityError
from ditherlab.experiments.published.scatter import Scatter
from ditherlab.objectives import ViewedError
from ditherlab.protocol import Cost, Target
from ditherlab.randomness import seeded_generator

_NUM_GRAYS, _SIZE_PX = 4, 6
_SHIFT, _SCALE = 0.1, 0.8

SHAPES: Mapping[str, LocationScale] = {
    "uniform": Uniform(),
    "triangular": Triangular(),
    "normal": Normal(),
    "logistic": Logistic(),
}
_ESTIMATORS: Mapping[str, ContinuousEstimator] = {
    "score": Score(),
    "pathwise": Pathwise(),
    "measure-valued": MeasureValued(),
    "smoothed-perturbation": SmoothedPerturbation(
        tuple(step + 0.5 for step in range(_NUM_GRAYS - 1))
    ),
}

FORCED = "score, forced"
"""The score function for noise on which it is not allowed."""


@dataclass(frozen=True)
class SmallPicture:
    """A small picture that is rounded to a few grays after adding noise."""

    cost: Cost
    places: Tensor
    palette: Tensor

    @classmethod
    def of(cls, seed: int) -> "SmallPicture":
        generator = seeded_generator(seed)
        images = torch.rand((1, 1, _SIZE_PX, _SIZE_PX), generator=generator, dtype=torch.float64)
        target = Target(images, torch.ones_like(images, dtype=torch.bool))
        palette = torch.linspace(0, 1, _NUM_GRAYS, dtype=torch.float64).view(1, -1, 1)
        return cls(ViewedError().bind(target), images.flatten() * (_NUM_GRAYS - 1), palette)

    def scatters(self, shape: str, num_draws: int, seed: int) -> Iterator[tuple[str, Scatter]]:
        """Yield the gradients for shift and scale from each estimator that supports the noise."""
        noise = SHAPES[shape]
        exact = self.exact(noise)
        for name, estimator in _ESTIMATORS.items():
            with suppress(AbilityError):
                yield name, Scatter.of(self.gradients(noise, estimator, num_draws, seed), exact)
        if noise.moves_support:
            forced = self.gradients(_Unsupported(noise), Score(), num_draws, seed)
            yield FORCED, Scatter.of(forced, exact)

    def gradients(
        self, noise: LocationScale, estimator: ContinuousEstimator, num_draws: int, seed: int
    ) -> Float[Tensor, "t 2"]:
        """Return a gradient per draw, the sum over pixels with the other pixels drawn."""
        generator = seeded_generator(seed + 1)
        others = self._rounded(
            torch.stack(
                [noise.draw(self._at(place), num_draws, generator) for place in self.places], dim=1
            )
        )
        total = torch.zeros((num_draws, len(noise.names)), dtype=torch.float64)
        for pixel, place in enumerate(self.places):
            found = estimator.gradients(
                noise, self._at(place), self._price_of(pixel, others), num_draws, generator
            )
            total += torch.stack([found[name] for name in noise.names], dim=1)
        return total

    def exact(self, noise: LocationScale) -> Float[Tensor, "2"]:
        """Return the exact gradient of the expected cost."""
        shift = torch.tensor(_SHIFT, dtype=torch.float64, requires_grad=True)
        scale = torch.tensor(_SCALE, dtype=torch.float64, requires_grad=True)
        edges = torch.arange(_NUM_GRAYS - 1, dtype=torch.float64)[:, None] + 0.5
        below = noise.cdf_of_noise((edges - self.places - shift) / scale)
        rows = torch.ones_like(self.places)[None]
        probs = torch.diff(torch.cat([0 * rows, below, rows]), dim=0)
        shown = probs.view(1, _NUM_GRAYS, _SIZE_PX, _SIZE_PX)
        expected = self.cost.expected(shown, self.palette).sum()
        return torch.stack(torch.autograd.grad(expected, (shift, scale)))

    def _price_of(self, pixel: int, others: Tensor) -> Callable[[Tensor], Tensor]:
        is_pixel = torch.arange(len(self.places)) == pixel

        def price(draws: Tensor) -> Tensor:
            steps = torch.where(is_pixel, self._rounded(draws)[:, None], others)
            images = (steps / (_NUM_GRAYS - 1)).view(len(draws), 1, 1, _SIZE_PX, _SIZE_PX)
            return self.cost.cost(images)[:, 0]

        return price

    def _at(self, place: Tensor) -> Mapping[str, Tensor]:
        return {"location": place + _SHIFT, "scale": torch.full_like(place, _SCALE)}

    def _rounded(self, draws: Tensor) -> Tensor:
        # Autograd gives the slope of a staircase as zero.
        return draws.round().clamp(0, _NUM_GRAYS - 1)


class _Unsupported(LocationScale):
    """Noise with a moving support, declared as fixed, to show the error of the score function."""

    def __init__(self, noise: LocationScale) -> None:
        self.noise = noise

    def draw_noise(self, num_draws: int, like: Tensor, generator: torch.Generator) -> Tensor:
        return self.noise.draw_noise(num_draws, like, generator)

    def log_density_of_noise(self, noise: Tensor) -> Tensor:
        return self.noise.log_density_of_noise(noise)

    def cdf_of_noise(self, noise: Tensor) -> Tensor:
        return self.noise.cdf_of_noise(noise)
