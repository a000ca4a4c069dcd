"""The stage `draw`: turn probabilities into an index image."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from ditherlab.choices import Draw as DrawMode
from ditherlab.problem import Problem
from ditherlab.stages.stage import Progress, Stage, StageContext
from ditherlab.stages.state import State


@dataclass(frozen=True)
class Draw(Stage):
    """Draw the pictures, or take the most probable color of each pixel.

    Attributes:
        by: `mode` or `sample`; None samples if the objective leaves its dither to the drawing.
            An index image stays as it is.
    """

    part_of_time: ClassVar[float] = 0.0
    needs_picture: ClassVar[bool] = True
    obeys_cells: ClassVar[bool] = True

    by: DrawMode | None = None

    def run(self, context: StageContext, state: State) -> Iterator[Progress]:
        if state.logits is not None:
            state.show_probs(state.logits.softmax(dim=1))
        probs = state.probs
        if probs is not None and self.resolved(context.problem).by == "sample":
            state.show_indices(state.model().draw_indices(1, state.generator)[0])
        elif state.has_picture:
            state.show_indices(state.picture())
        state.drawn_from = probs
        yield Progress(1.0)

    def resolved(self, problem: Problem) -> "Draw":
        by: DrawMode = "sample" if problem.objective.draws_its_dither else "mode"
        return replace(self, by=self.by or by)

    def is_needed(self, state: State) -> bool:
        return state.probs is not None
