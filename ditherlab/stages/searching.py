"""Stages that run a discrete search on each picture."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar, final

import torch

from ditherlab.discrete.search import Search, SearchContext
from ditherlab.stages.pictures import copy_generators, keep_generator
from ditherlab.stages.stage import Bound, Progress, Stage, StageContext
from ditherlab.stages.state import State


class SearchStage(Stage):
    """A stage that improves index images by a search with sampling, picture by picture."""

    needs_picture: ClassVar[bool] = True

    part_of_time: ClassVar[float] = 0.6

    @property
    @abstractmethod
    def num_rounds(self) -> int:
        """How often every pixel has its turn."""

    @abstractmethod
    def start(self, context: SearchContext) -> Search:
        """Begin the search in one picture."""

    @final
    def run(self, context: StageContext, state: State) -> Iterator[Progress]:
        each = context.bind_each(state.palette)
        pictures = state.picture()
        generators = copy_generators(state.generator, len(each))
        searches = [
            self.start(
                SearchContext(
                    cost=bound.cost,
                    palette=state.palette,
                    indices=picture,
                    num_rounds=self.num_rounds,
                    generator=generator,
                    spent=context.spent,
                )
            )
            for bound, picture, generator in zip(each, pictures, generators, strict=True)
        ]
        state.show_indices(pictures)
        step = -1
        steps = zip(*(search.steps() for search in searches), strict=True)
        for step, results in enumerate(steps):
            state.show_indices(torch.stack([search.indices for search in searches]))
            keep_generator(state.generator, generators[0])
            yield Progress(
                min(1.0, max(results[0].share, context.spent())),
                torch.stack([result.cost for result in results]),
                step + 1,
                num_evaluations=results[0].num_evaluations,
                num_backward_passes=results[0].num_backward_passes,
            )
        pairs = zip(each, searches, strict=True)
        costs = [_price(bound, search, state) for bound, search in pairs]
        yield Progress(1.0, torch.stack(costs), step + 1, num_evaluations=1)


def _price(bound: Bound, search: Search, state: State) -> torch.Tensor:
    image = state.palette[0].T[:, search.indices]
    return bound.cost.cost(image[None, None])[0, 0]
