"""A model: few parameters that say how probable each color is at each pixel."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from ditherlab.choices import Draw
from ditherlab.errors import RequestError
from ditherlab.models.rounding import Rounding
from ditherlab.naming import kebab_case
from ditherlab.specs import describe
from ditherlab.types import Probs


class BoundModel(ABC):
    """A model of one picture in one palette: what its parameters make of every pixel.

    Attributes:
        parameters: Tensors by name; moved in place by whoever learns them.
    """

    parameters: Mapping[str, Tensor]

    def reported(self) -> Mapping[str, Tensor]:
        """Return the parameters as the user sees them."""
        return self.parameters

    @abstractmethod
    def probs(self, progress: float) -> Probs:
        """Return the probability of each color, differentiable in the parameters.

        Args:
            progress: From 0 to 1; a model that is made firm on the way is firm at 1.
        """


class Model(ABC):
    """What is random in a drawn picture; configuration only.

    Pixels are still drawn independently, and estimators see the probabilities alone. The gradient
    for the parameters follows by the chain rule, `sum_ik Q_ik dp_ik`, as if logits were upstream.
    """

    learning_rate: float
    draw: ClassVar[Draw]
    """How its pictures are drawn in the end."""

    num_planes_per_color: ClassVar[float]
    """Numbers a pixel that a step holds at its peak, for each color of the palette."""

    def __str__(self) -> str:
        return describe(self)

    @abstractmethod
    def bind(self, rounding: Rounding, generator: torch.Generator) -> BoundModel:
        """Begin with parameters for a picture and a palette.

        Args:
            rounding: The picture and the palette, as coordinates between which it is rounded.
            generator: For parameters that begin at random.
        """


def check_rate(model: Model) -> None:
    """Refuse a learning rate that is none.

    Raises:
        RequestError: If it is not above 0.
    """
    if not 0 < model.learning_rate < float("inf"):
        name = kebab_case(type(model).__name__)
        raise RequestError(
            f"`{name}(learning_rate=...)` must be above 0, got {model.learning_rate:g}."
        )
