"""The interface of a model: few parameters that determine the probabilities of all pixels."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from ditherlab.choices import Draw
from ditherlab.errors import RequestError
from ditherlab.models.rounding import Rounding
from ditherlab.naming import kebab_case
from ditherlab.specs import Strategy
from ditherlab.types import Probs


class BoundModel(ABC):
    """A model bound to a picture and a palette: maps parameters to probabilities of every pixel.

    Attributes:
        parameters: Tensors by name; the optimizer changes them in place.
    """

    parameters: Mapping[str, Tensor]

    def reported(self) -> Mapping[str, Tensor]:
        """Return the parameters as the user sees them."""
        return self.parameters

    @abstractmethod
    def probs(self, progress: float) -> Probs:
        """Return the probability of each color, differentiable in the parameters.

        Args:
            progress: From 0 to 1; a model that is annealed is deterministic at 1.
        """


class Model(Strategy, ABC):
    """A model of the probabilities of a drawn picture; configuration only.

    Pixels are still drawn independently, and estimators see only the probabilities. The gradient
    for the parameters follows by the chain rule, `sum_ik Q_ik dp_ik`.
    """

    learning_rate: float
    draw: ClassVar[Draw]
    """The way in which the final picture is drawn."""

    num_planes_per_color: ClassVar[float]
    """Peak memory of a step, in numbers per pixel and palette color."""

    @abstractmethod
    def bind(self, rounding: Rounding, generator: torch.Generator) -> BoundModel:
        """Bind the model to a picture and a palette, with initial parameters.

        Args:
            rounding: The picture and the palette, in the coordinates of rounding.
            generator: For random initial parameters.
        """


def check_rate(model: Model) -> None:
    """Check the learning rate of a model.

    Raises:
        RequestError: If it is not a finite number above 0.
    """
    if not 0 < model.learning_rate < float("inf"):
        name = kebab_case(type(model).__name__)
        raise RequestError(
            f"`{name}(learning_rate=...)` must be above 0, got {model.learning_rate:g}."
        )
