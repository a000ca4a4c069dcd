"""A palette fitted to frozen draws: a sample-average approximation with a known optimum."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ditherlab.errors import AbilityError
from ditherlab.estimators import CommonRandomNumbers, ScoreFunction
from ditherlab.experiments.published.frozen_noise import descend_by_lbfgs
from ditherlab.objectives import Variance
from ditherlab.protocol import Cost, Target
from ditherlab.protocol.categorical import Categorical
from ditherlab.randomness import seeded_generator
from ditherlab.types import Colors, Images, Logits

_SHARPNESS = 30.0


@dataclass(frozen=True)
class SampledPalette:
    """A problem of choosing grays for a picture whose draws do not depend on them.

    Attributes:
        images: The source picture.
        logits: The logits of the draws.
        best: The palette with the lowest expected cost.
    """

    images: Images
    logits: Logits
    best: Colors

    @classmethod
    def of(cls, images: Images, start: Colors) -> "SampledPalette":
        """Set the logits by a first palette, and find the best palette for them."""
        logits = -_SHARPNESS * (images - start[..., None]).square()
        problem = cls(images, logits, start)
        found = descend_by_lbfgs(problem._expected_slope, start, 100, tolerance=1e-12)
        return cls(images, logits, found.end)

    def measure(self, num_draws: int, num_palettes: int, seed: int) -> tuple[float, float]:
        """Return the apparent gain of fitted palettes over the best one, and their true loss."""
        probs = self.logits.softmax(dim=1).expand(num_palettes, -1, -1, -1)
        cost = self._cost(num_palettes)
        frozen = CommonRandomNumbers(ScoreFunction(num_samples=num_draws), noise_seed=seed)
        generator = seeded_generator(seed)

        def slope(palettes: Tensor) -> tuple[float, Tensor]:
            model = Categorical(probs, palettes, learns_palette=True)
            estimate, _ = frozen.estimate(model, cost, generator)
            if estimate.grad_palette is None:
                raise AbilityError(f"`{frozen}` must give a gradient for the palette.")
            return float(estimate.value.sum()), estimate.grad_palette

        best = self.best.expand(num_palettes, -1, -1).contiguous()
        found = descend_by_lbfgs(slope, best, 100, tolerance=1e-10)
        # At the best palette, the mean over draws is unbiased.
        seeming = (slope(best)[0] - slope(found.end)[0]) / num_palettes
        real = (cost.expected(probs, found.end) - cost.expected(probs, best)).mean()
        return seeming, float(real)

    def _cost(self, num_palettes: int) -> Cost:
        images = self.images.expand(num_palettes, -1, -1, -1)
        return Variance(c=1.0).bind(Target(images, torch.ones_like(images, dtype=torch.bool)))

    def _expected_slope(self, palette: Tensor) -> tuple[float, Tensor]:
        with torch.enable_grad():
            leaf = palette.requires_grad_()
            value = self._cost(1).expected(self.logits.softmax(dim=1), leaf).sum()
            (gradient,) = torch.autograd.grad(value, leaf)
        return float(value.detach()), gradient
