"""The protocol of a discrete search: an index image that changes part by part."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ditherlab.protocol import Cost
from ditherlab.types import Colors


@dataclass(frozen=True)
class Step:
    """The result of changing a part of a picture.

    Attributes:
        share: How much of the search is done, from 0 to 1.
        cost: Of the picture, or the mean of drawn ones, before the change.
        num_evaluations: Pictures priced for it.
        num_backward_passes: Those of them that were also differentiated.
    """

    share: float
    cost: Float[Tensor, ""]
    num_evaluations: int = 1
    num_backward_passes: int = 0


@dataclass(frozen=True)
class SearchContext:
    """Everything that a search begins with.

    Attributes:
        cost: Prices drawn pictures; of one picture.
        palette: Display sRGB, `[1 k c]`; does not change.
        indices: The first picture.
        num_rounds: How often every pixel has its turn.
        generator: Source of everything random.
        spent: Returns which part of the time is spent, so that cooling keeps pace with it.
    """

    cost: Cost
    palette: Colors
    indices: Int[Tensor, "h w"]
    num_rounds: int
    generator: torch.Generator
    spent: Callable[[], float] = lambda: 0.0


class Search(ABC):
    """An index image on its way."""

    @property
    @abstractmethod
    def indices(self) -> Int[Tensor, "h w"]:
        """The picture so far."""

    @abstractmethod
    def steps(self) -> Iterator[Step]:
        """Change part after part, to the end."""
