"""Black boxes: functions of drawn pictures, computed in worker processes."""

from abc import abstractmethod
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, final

import numpy as np
import torch
from torch import Tensor

from ditherlab.black_box import FunctionSource, Part, WorkerPool
from ditherlab.black_box.calling_convention import Takes
from ditherlab.black_box.worker_pool import num_cores
from ditherlab.protocol import Ability, Cost, Objective, Target
from ditherlab.types import DrawCosts, DrawnImages

if TYPE_CHECKING:
    from ditherlab.black_box.arrays import Planes


class BlackBoxObjective(Objective):
    """An objective that calls a function of one picture, given by its source."""

    @property
    def abilities(self) -> frozenset[Ability]:
        return frozenset({"value"})

    @property
    def min_size_px(self) -> int:
        return 1

    @property
    @abstractmethod
    def source(self) -> FunctionSource:
        """The source of the function."""

    @final
    def bind(self, target: Target) -> Cost:
        return BlackBoxCost.of(self.source, target, "picture")


@dataclass(frozen=True, eq=False)
class BlackBoxCost(Cost):
    """The cost of pictures in 8 bits a channel, computed by a function in worker processes.

    The processes start when the first picture is priced.

    Attributes:
        target: The target; its values replace drawn ones at transparent pixels.
        pool: The worker processes of the function.
        takes: `picture` or `batch`, as the function takes them.
    """

    target: Target
    pool: WorkerPool
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
        costs = torch.tensor(self.pool.price(parts), dtype=torch.float64)
        return costs.view(num_samples, num_pictures).to(images)

    def close(self) -> None:
        self.pool.close()


def _to_planes(images: Tensor) -> "Planes":
    """Return pictures in 8 bits a channel, as a written file shows them."""
    levels = images.mul(255).round_().clamp_(0, 255)
    planes: Planes = levels.to(torch.uint8).cpu().numpy()
    return planes
