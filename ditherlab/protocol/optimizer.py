"""The interface of an optimizer of probabilities."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import torch

from ditherlab.protocol.estimate import Estimate
from ditherlab.specs import Strategy
from ditherlab.types import Logits, Probs


class Optimizer(Strategy, ABC):
    """An optimizer that moves probabilities along estimates; configuration only."""

    learning_rate: float
    needs_color_costs: ClassVar[bool] = False

    @abstractmethod
    def start(self, logits: Logits) -> Any:
        """Make the state before the first step."""

    @abstractmethod
    def step(
        self, state: Any, estimate: Estimate, temperature: float, generator: torch.Generator
    ) -> Probs:
        """Take one step, change `state` in place and return the new probabilities.

        Args:
            state: The state that `start` returned.
            estimate: At the probabilities that the last call returned.
            temperature: Weight of the entropy in `cost - temperature * mean entropy of a pixel`,
                which is minimized.
            generator: On the device of the logits.
        """
