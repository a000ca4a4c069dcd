"""The stage `cross-entropy`: move probabilities to the best of many draws."""

from dataclasses import dataclass
from typing import ClassVar, final

from ditherlab.discrete.cross_entropy import CrossEntropySearch
from ditherlab.discrete.search import Search, SearchContext
from ditherlab.errors import RequestError
from ditherlab.estimators.credit import Credit
from ditherlab.problem import Problem
from ditherlab.protocol import Ability
from ditherlab.stages.searching import SearchStage
from ditherlab.stages.stage import StageMemory, check_count

# Measured, with local credit, which keeps a price for each pixel of each draw.
_PLANES_PER_SAMPLE, _PLANES_PER_COLOR = 11.0, 7.0

# Measured CPU nanoseconds of a draw, for each pixel and channel.
_CHANNEL_WORK = 13.0


@final
@dataclass(frozen=True)
class CrossEntropy(SearchStage):
    """Draw pictures, keep the elite, and move the probabilities to what it shows.

    Attributes:
        num_samples: Pictures to draw in each round, at least 2.
        elite: Part of them that is kept, above 0 and below 1.
        rate: How far the probabilities move, above 0 and at most 1.
        credit: `local` or `global`.
        steps: Number of rounds.
    """

    counts_steps: ClassVar[bool] = True

    num_samples: int = 32
    elite: float = 0.25
    rate: float = 0.3
    credit: Credit = "local"
    steps: int = 150

    def __post_init__(self) -> None:
        if self.num_samples < 2:
            raise RequestError(
                f"`cross-entropy(num_samples=...)` must be at least 2, got {self.num_samples}: of "
                "fewer there is no best part."
            )
        if not 0 < self.elite < 1:
            raise RequestError(
                f"`cross-entropy(elite=...)` must be above 0 and below 1, got {self.elite:g}."
            )
        if not 0 < self.rate <= 1:
            raise RequestError(
                f"`cross-entropy(rate=...)` must be above 0 and at most 1, got {self.rate:g}."
            )
        check_count("cross-entropy(steps=...)", self.steps)

    @property
    def num_rounds(self) -> int:
        return self.steps

    def start(self, context: SearchContext) -> Search:
        return CrossEntropySearch(
            context,
            num_samples=self.num_samples,
            elite=self.elite,
            rate=self.rate,
            credit=self.credit,
        )

    def needs(self, problem: Problem) -> frozenset[Ability]:
        return frozenset({"value", "local"} if self.credit == "local" else {"value"})

    def memory(self, problem: Problem) -> StageMemory:
        planes = _PLANES_PER_SAMPLE * self.num_samples
        return StageMemory(planes, _PLANES_PER_COLOR)

    def work(self, problem: Problem) -> float:
        num_drawn = problem.num_pixels * self.steps * self.num_samples
        return num_drawn * problem.num_channels * _CHANNEL_WORK
