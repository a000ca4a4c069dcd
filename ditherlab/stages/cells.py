"""The stage `cells`: choose a sub-palette for each cell of an old machine."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch

from ditherlab.discrete.cells.annealing import CellSearch
from ditherlab.problem import Problem
from ditherlab.protocol import Ability
from ditherlab.stages.stage import Progress, Stage, StageContext, num_pixels
from ditherlab.stages.state import State

_WORK_PER_PIXEL = 20_000.0


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
        searches = [
            CellSearch(problem.cells, problem.objective, bound.cost, bound.target, state.palette)
            for bound in context.bind_each(state.palette)
        ]
        self._keep(searches, state)
        first = torch.stack([search.price() for search in searches])
        yield Progress(0.0, first, num_evaluations=1)
        step = 0
        for step, results in enumerate(zip(*(s.steps() for s in searches), strict=True), start=1):
            self._keep(searches, state)
            yield Progress(
                min(1.0, max(results[0].share, context.spent())),
                torch.stack([result.cost for result in results]),
                step,
                num_evaluations=1,
            )

    def needs(self, problem: Problem) -> frozenset[Ability]:
        return frozenset({"quadratic"})

    def is_needed(self, state: State) -> bool:
        return not state.has_picture

    def work(self, problem: Problem) -> float:
        return num_pixels(problem) * _WORK_PER_PIXEL

    def _keep(self, searches: list[CellSearch], state: State) -> None:
        state.show_indices(torch.stack([search.indices for search in searches]))
        state.cell_choices = torch.stack([search.cell_choices for search in searches])
