"""The stage `cells`: choose a sub-palette for each cell of an old machine."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from ditherlab.discrete.cells.annealing import CellSearch
from ditherlab.problem import Problem
from ditherlab.protocol import Ability
from ditherlab.stages.stage import Progress, Stage, StageContext
from ditherlab.stages.state import State

# Measured CPU nanoseconds.
_WORK_PER_PIXEL = 11_000.0


@dataclass(frozen=True)
class Cells(Stage):
    """Let all cells choose their colors by mean-field annealing; pixels obey them at any time."""

    makes_picture: ClassVar[bool] = True
    obeys_cells: ClassVar[bool] = True

    part_of_time: ClassVar[float] = 0.6

    def run(self, context: StageContext, state: State) -> Iterator[Progress]:
        problem = context.problem
        if problem.cells is None:
            raise ValueError("The problem has no cells to choose colors for.")
        bound = context.bind(state.palette)
        search = CellSearch(
            problem.cells, problem.objective, bound.cost, bound.target, state.palette
        )
        self._keep(search, state)
        yield Progress(0.0, search.price().unsqueeze(0), num_evaluations=1, in_history=False)
        for number, step in enumerate(search.steps(), start=1):
            self._keep(search, state)
            share = context.share(step.share)
            yield Progress(share, step.cost.unsqueeze(0), number, num_evaluations=1)

    def needs(self, problem: Problem) -> frozenset[Ability]:
        return frozenset({"quadratic"})

    def work(self, problem: Problem) -> float:
        return problem.num_pixels * _WORK_PER_PIXEL

    def _keep(self, search: CellSearch, state: State) -> None:
        state.show_indices(search.indices.unsqueeze(0))
        state.cell_choices = search.cell_choices.unsqueeze(0)
