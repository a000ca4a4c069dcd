"""Black boxes: functions of drawn pictures that other processes compute."""

from abc import abstractmethod
from dataclasses import dataclass, field
from itertools import pairwise
from typing import final

import numpy as np
import torch
from torch import Tensor

from ditherlab.black_box import FunctionSource, Part, WorkerPool
from ditherlab.black_box.calling_convention import Takes
from ditherlab.black_box.worker import Planes
from ditherlab.black_box.worker_pool import num_cores
from ditherlab.protocol import Ability, Cost, Objective, Target
from ditherlab.types import DrawCosts, DrawnImages


class BlackBoxObjective(Objective):
    """A function of one picture that is known by its source."""

    @property
    def abilities(self) -> frozenset[Ability]:
        return frozenset({"value"})

    @property
    def min_size_px(self) -> int:
        return 1

    @property
    @abstractmethod
    def source(self) -> FunctionSource:
        """Where the function is found."""

    @final
    def bind(self, target: Target) -> Cost:
        return BlackBoxCost.of(self.source, target, "picture")


@dataclass(frozen=True, eq=False)
class BlackBoxCost(Cost):
    """A function's price of pictures in 8 bits a channel; its processes start at the first one.

    Attributes:
        target: What shows at transparent pixels, for a function that looks at all of them.
        crew: Computes the function.
        takes: Whether the function takes pictures one by one.
    """

    target: Target
    crew: WorkerPool
    takes: Takes
    abilities: frozenset[Ability] = field(default=frozenset({"value"}))

    @classmethod
    def of(cls, source: FunctionSource, target: Target, takes: Takes) -> "BlackBoxCost":
        """Bind a function to a target."""
        opaque = target.opaque[:, 0].cpu().numpy()
        return cls(target, WorkerPool.of(source, _to_planes(target.images), opaque), takes)

    def cost(self, images: DrawnImages) -> DrawCosts:
        num_samples, num_pictures = images.shape[:2]
        planes = _to_planes(self.target.fill_transparent(images.detach()).flatten(0, 1))
        places = list(range(num_pictures)) * num_samples
        num_parts = len(planes) if self.takes == "picture" else min(num_cores(), len(planes))
        bounds = np.linspace(0, len(planes), num_parts + 1).round().astype(int).tolist()
        parts = [Part(planes[start:end], places[start:end]) for start, end in pairwise(bounds)]
        costs = torch.tensor(self.crew.price(parts), dtype=torch.float64)
        return costs.view(num_samples, num_pictures).to(images)

    def close(self) -> None:
        self.crew.close()


def _to_planes(images: Tensor) -> Planes:
    """Return pictures in 8 bits a channel, as a written file shows them."""
    levels = images.mul(255).round_().clamp_(0, 255)
    planes: Planes = levels.to(torch.uint8).cpu().numpy()
    return planes
