"""Stages that run a discrete search on a picture."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar, final

from ditherlab.discrete.search import Search, SearchContext
from ditherlab.problem import Problem
from ditherlab.stages.stage import Progress, Stage, StageContext
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
        number = 0
        for number, step in enumerate(search.steps(), start=1):
            state.show_indices(search.indices.unsqueeze(0))
            yield Progress(
                context.share(step.share),
                step.cost.unsqueeze(0),
                number,
                num_evaluations=step.num_evaluations,
                num_backward_passes=step.num_backward_passes,
            )
        image = state.palette[0].T[:, search.indices]
        end = cost.cost(image[None, None])[0]
        yield Progress(1.0, end, number, num_evaluations=1, in_history=False)
