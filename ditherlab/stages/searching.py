"""Stages that run a discrete search on a picture."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

from ditherlab.discrete.search import Search, SearchContext
from ditherlab.problem import Problem
from ditherlab.protocol import Kept
from ditherlab.stages.stage import REPEATED, Progress, Stage, StageContext
from ditherlab.stages.state import State


class SearchStage(Stage):
    """A stage that improves index images by a search with sampling."""

    needs_picture: ClassVar[bool] = True

    part_of_time: ClassVar[float] = 0.6

    @property
    @abstractmethod
    def num_rounds(self) -> int:
        """Number of turns of every pixel."""

    @abstractmethod
    def start(self, context: SearchContext) -> Search:
        """Begin the search in one picture."""

    def instead(self, problem: Problem) -> Sequence[str]:
        is_priced = "value" in problem.objective.abilities
        return ["cross-entropy(credit=global)"] if is_priced else []

    @final
    def run(self, context: StageContext, state: State) -> Iterator[Progress]:
        resumed: _Place | None = context.cursor.resume("search")
        if resumed is None:
            state.show_indices(state.picture())
            yield Progress(0.0)
        cost = context.bind(state.palette).cost
        search = self.start(
            SearchContext(
                cost=cost,
                palette=state.palette,
                indices=state.picture()[0].long(),
                num_rounds=self.num_rounds,
                generator=state.generator,
                spent=context.spent,
            )
        )
        place = resumed or _Place()
        context.cursor.keep("search", lambda: place.at(search))
        if resumed is not None:
            search.resume(place.values)
            yield REPEATED
        for step in search.steps():
            place.number += 1
            state.show_indices(search.indices.unsqueeze(0))
            yield Progress(
                context.share(step.share),
                step.cost.unsqueeze(0),
                place.number,
                num_evaluations=step.num_evaluations,
                num_backward_passes=step.num_backward_passes,
            )
        if not place.is_priced:
            place.is_priced = True
            image = state.palette[0].T[:, search.indices]
            end = cost.cost(image[None, None])[0]
            yield Progress(1.0, end, place.number, num_evaluations=1, in_history=False)


@dataclass
class _Place(Kept):
    """The place of a search after a yield.

    Attributes:
        number: Of the steps so far.
        is_priced: Whether the finished picture was priced.
        values: Of the search.
    """

    number: int = 0
    is_priced: bool = False
    values: Any = None

    def at(self, search: Search) -> "_Place | None":
        self.values = search.values()
        return None if self.values is None else self
