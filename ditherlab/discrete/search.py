"""A method: a way to a picture that is no descent of probabilities along a gradient."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ditherlab.protocol import Ability, Cost
from ditherlab.specs import describe
from ditherlab.types import Colors


@dataclass(frozen=True)
class Step:
    """What stands after some of a picture has changed.

    Attributes:
        progress: From 0 to 1.
        cost: Of the picture, or of drawn ones, before it changed.
        num_evaluations: Pictures priced for it.
        num_backward_passes: Those of them that were also differentiated.
    """

    progress: float
    cost: Float[Tensor, ""]
    num_evaluations: int = 1
    num_backward_passes: int = 0


@dataclass(frozen=True)
class SearchContext:
    """What a method begins with.

    Attributes:
        cost: Prices drawn pictures.
        palette: Display sRGB; stays as it is.
        indices: The first picture.
        num_rounds: How often every pixel gets its turn.
        generator: For everything random.
        part_of_time: Says which part of the time is spent, so that a cooling keeps pace with it.
    """

    cost: Cost
    palette: Colors
    indices: Int[Tensor, "h w"]
    num_rounds: int
    generator: torch.Generator
    part_of_time: Callable[[], float]


class Search(ABC):
    """A picture on its way."""

    @property
    @abstractmethod
    def indices(self) -> Int[Tensor, "h w"]:
        """The picture so far."""

    @abstractmethod
    def visits(self) -> Iterator[Step]:
        """Go on, part by part, to the end."""


class Method(ABC):
    """A way to a picture; configuration only."""

    sweeps: ClassVar[bool]
    """Whether its rounds are sweeps of a picture; else they are steps of probabilities."""

    def __str__(self) -> str:
        return describe(self)

    @property
    @abstractmethod
    def needs(self) -> frozenset[Ability]:
        """What the objective has to offer."""

    @abstractmethod
    def num_planes(self, num_colors: int, num_channels: int) -> float:
        """Say how many numbers a pixel it holds at its peak, as measured and rounded up."""

    @abstractmethod
    def begin(self, scene: SearchContext) -> Search:
        """Begin with a picture."""
