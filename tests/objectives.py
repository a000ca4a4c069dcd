"""An objective for tests: a black box that fails when a test wants it to."""

from dataclasses import dataclass

import torch

from ditherlab.protocol import Ability, Cost, Objective, Target
from ditherlab.types import DrawCosts, DrawnImages


@dataclass(frozen=True)
class Brightness(Objective):
    """The mean brightness, without a gradient; evaluations are numbered from 0.

    Attributes:
        num_good: From this one on, evaluations give NaN.
        nan_at: This single one gives NaN; -1 for none.
        interrupt_at: This one is interrupted; -1 for none.
    """

    num_good: int = 1_000_000
    nan_at: int = -1
    interrupt_at: int = -1

    @property
    def abilities(self) -> frozenset[Ability]:
        return frozenset({"value"})

    @property
    def min_size_px(self) -> int:
        return 1

    def bind(self, target: Target) -> Cost:
        return BrightnessCost(self.abilities, self)


@dataclass(eq=False)
class BrightnessCost(Cost):
    abilities: frozenset[Ability]
    objective: Brightness
    num_calls: int = 0

    def cost(self, images: DrawnImages) -> DrawCosts:
        number, self.num_calls = self.num_calls, self.num_calls + 1
        if number == self.objective.interrupt_at:
            raise KeyboardInterrupt
        is_bad = number >= self.objective.num_good or number == self.objective.nan_at
        return images.mean(dim=(2, 3, 4)) * (torch.nan if is_bad else 1)
