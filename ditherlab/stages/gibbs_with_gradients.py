"""The stage `gibbs-with-gradients`: an annealed sampler over pictures."""

from dataclasses import dataclass
from typing import final

from ditherlab.discrete.gibbs_with_gradients import GibbsSearch
from ditherlab.discrete.search import Search, SearchContext
from ditherlab.errors import RequestError
from ditherlab.problem import Problem
from ditherlab.protocol import Ability
from ditherlab.stages.searching import SearchStage
from ditherlab.stages.stage import StageMemory, check_count

# Measured, for gray pictures and for others.
_GRAY_PLANES, _COLOR_PLANES = 90.0, 200.0

# Measured CPU nanoseconds of a sweep, for each pixel and channel.
_CHANNEL_WORK = 8_000.0


@final
@dataclass(frozen=True)
class GibbsWithGradients(SearchStage):
    """Sample pictures by proposals that follow the cost's slope, while the temperature falls.

    Attributes:
        heat: First temperature in mean costs of a pixel of the first picture; it falls to a
            thousandth.
        sweeps: How often every pixel has its turn.
    """

    heat: float = 1.0
    sweeps: int = 12

    def __post_init__(self) -> None:
        if not 0 < self.heat < float("inf"):
            raise RequestError(
                f"`gibbs-with-gradients(heat=...)` must be above 0, got {self.heat:g}. Try 1."
            )
        check_count("gibbs-with-gradients(sweeps=...)", self.sweeps, 0)

    @property
    def num_rounds(self) -> int:
        return self.sweeps

    def start(self, context: SearchContext) -> Search:
        return GibbsSearch.cooled(context, self.heat)

    def needs(self, problem: Problem) -> frozenset[Ability]:
        return frozenset({"value", "gradient", "local"})

    def memory(self, problem: Problem) -> StageMemory:
        return StageMemory(_GRAY_PLANES if problem.num_channels == 1 else _COLOR_PLANES)

    def work(self, problem: Problem) -> float:
        return problem.num_pixels * problem.num_channels * self.sweeps * _CHANNEL_WORK
