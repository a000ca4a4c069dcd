"""The protocol of a discrete search: an index image that changes part by part."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ditherlab.protocol import Cost
from ditherlab.types import Colors


@dataclass(frozen=True)
class Step:
    """The result of changing a part of a picture.

    Attributes:
        share: The part of the search that is done, from 0 to 1.
        cost: The cost of the picture before the change, or the mean over drawn pictures.
        num_evaluations: Number of cost evaluations in the step.
        num_backward_passes: Number of evaluations that were also differentiated.
    """

    share: float
    cost: Float[Tensor, ""]
    num_evaluations: int = 1
    num_backward_passes: int = 0


@dataclass(frozen=True)
class SearchContext:
    """The initial state of a search.

    Attributes:
        cost: The cost of drawn pictures, for a target of one picture.
        palette: The fixed palette in display sRGB, `[1 k c]`.
        indices: The first picture.
        num_rounds: Number of rounds over all pixels.
        generator: The random generator.
        spent: Returns the part of the time that has passed, which the cooling follows.
    """

    cost: Cost
    palette: Colors
    indices: Int[Tensor, "h w"]
    num_rounds: int
    generator: torch.Generator
    spent: Callable[[], float] = lambda: 0.0


class Search(ABC):
    """An index image that a search changes."""

    @property
    @abstractmethod
    def indices(self) -> Int[Tensor, "h w"]:
        """The picture so far."""

    @abstractmethod
    def steps(self) -> Iterator[Step]:
        """Change the parts one by one, until the search ends."""

    def values(self) -> Any:
        """Return what `resume` needs beside the picture; None if the search begins again."""
        return None

    def resume(self, values: Any) -> None:
        """Go on after the step at which `values` were taken, in the picture of that step."""
        del values
