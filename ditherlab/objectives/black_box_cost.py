"""The cost of a black box: a function of drawn pictures that another process computes."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from ditherlab.black_box import Crew, FunctionSource, Part
from ditherlab.black_box.crew import num_cores
from ditherlab.black_box.manner import Takes
from ditherlab.protocol import Ability, Cost, Target
from ditherlab.types import DrawCosts, DrawnImages


@dataclass(frozen=True, eq=False)
class BlackBoxCost(Cost):
    """A function's price of pictures in 8 bits a channel; its processes start at the first one.

    Attributes:
        target: What shows at transparent pixels, for a function that looks at all of them.
        crew: Computes the function.
        takes: Whether the function takes pictures one by one.
    """

    target: Target
    crew: Crew
    takes: Takes
    abilities: frozenset[Ability] = field(default=frozenset({"value"}))

    @classmethod
    def of(cls, source: FunctionSource, target: Target, takes: Takes) -> "BlackBoxCost":
        """Bind a function to a target."""
        opaque = target.opaque[:, 0].cpu().numpy()
        return cls(target, Crew.of(source, _to_pixels(target.images), opaque), takes)

    def cost(self, images: DrawnImages) -> DrawCosts:
        num_samples, num_pictures = images.shape[:2]
        drawn = self.target.fill_transparent(images.detach())
        pixels = _to_pixels(drawn.flatten(0, 1))
        places = list(range(num_pictures)) * num_samples
        num_parts = len(pixels) if self.takes == "picture" else min(num_cores(), len(pixels))
        bounds = np.linspace(0, len(pixels), num_parts + 1).round().astype(int).tolist()
        parts = [Part(pixels[start:end], places[start:end]) for start, end in pairwise(bounds)]
        costs = torch.tensor(self.crew.price(parts), dtype=torch.float64)
        return costs.view(num_samples, num_pictures).to(images)

    def close(self) -> None:
        self.crew.close()


def _to_pixels(images: Tensor) -> np.ndarray:
    """Return pictures as a written file shows them; gray ones in three equal channels."""
    levels = (images.clamp(0, 1) * 255).round().to(torch.uint8)
    rgb = levels.expand(-1, 3, -1, -1).permute(0, 2, 3, 1)
    return np.ascontiguousarray(rgb.cpu().numpy())
