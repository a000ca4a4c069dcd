"""The stage `polish`: exact flips and swaps of pixels, with refits of a learned palette."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from math import inf
from operator import add
from typing import Any, ClassVar, Literal

import torch

from ditherlab.devices import to_host
from ditherlab.discrete.allowed_colors import AllowedColors
from ditherlab.discrete.direct_binary_search import Cooling
from ditherlab.discrete.polish_search import PolishSearch
from ditherlab.errors import RequestError
from ditherlab.palette_learning.palette_fit import fit_palette, revive_colors
from ditherlab.problem import Problem
from ditherlab.protocol import Ability, Kept
from ditherlab.stages.compiled_work import PolishStart, kernel_work, memory_of_kernels
from ditherlab.stages.pictures import copy_generators, keep_generator, stack_pictures
from ditherlab.stages.stage import (
    REPEATED,
    Progress,
    Stage,
    StageContext,
    StageMemory,
    check_count,
)
from ditherlab.stages.state import State

Moves = Literal["flips", "swaps"]

# The palette is refitted in this part of the sweeps; the rest is for the palette that stays.
_REFITTING_PART = 0.6

_PLANES, _PLANES_PER_CHANNEL = 8.0, 32.0

# Measured CPU nanoseconds for each pixel: of a sweep, for each channel and color; of a refit, for
# each color.
_CHANNEL_WORK, _COLOR_WORK, _REFIT_WORK = 130.0, 4.0, 65.0


@dataclass(frozen=True)
class Polish(Stage):
    """Direct binary search over the finished picture.

    In each sweep every pixel may take another color, or change places with one of its neighbors.
    The state is refitted to a learned palette after 1, 3, 7, ... sweeps.

    Attributes:
        sweeps: How often every pixel has its turn.
        moves: `flips` of single pixels, or `swaps` of neighbors too.
        temperature: Where the polish starts to cool, in mean costs of a pixel; 0 is greedy.
    """

    needs_picture: ClassVar[bool] = True
    obeys_cells: ClassVar[bool] = True
    joins_pictures: ClassVar[bool] = True

    sweeps: int = 12
    moves: Moves = "swaps"
    temperature: float = 0.0

    def __post_init__(self) -> None:
        check_count("polish(sweeps=...)", self.sweeps, 0)
        if not 0 <= self.temperature < inf:
            raise RequestError(
                f"`polish(temperature=...)` must be at least 0, got {self.temperature:g}."
            )

    def run(self, context: StageContext, state: State) -> Iterator[Progress]:
        try:
            yield from self._polish(context, state)
        finally:
            # While it works, the compiled polish shows its own bytes.
            state.show_indices(state.picture().long())

    def _polish(self, context: StageContext, state: State) -> Iterator[Progress]:
        resumed: _Place | None = context.cursor.resume("polish")
        polishers = self._start(context, state, resumed)
        place = resumed or _Place.start(polishers, self.temperature)
        context.cursor.keep("polish", lambda: place.at(polishers))
        num_parts = polishers[0].num_parts
        num_moves = self.sweeps * num_parts
        if resumed:
            yield REPEATED
            if place.number < num_moves:
                for polisher in polishers:
                    polisher.price_part(place.part)
                self._move(polishers, place, state)
        for number, sweeps, part in self._moves(polishers[0]):
            if number <= place.number:
                continue
            place.number, place.part = number, part
            if part == 0:
                for polisher in polishers:
                    polisher.begin_sweep(sweeps)
                if state.palette_is_free and self._is_time_to_refit(sweeps.start):
                    refit_palette(polishers, context, state)
            share = context.share(number / num_moves)
            place.temperatures = [cooling.temperature(share) for cooling in place.coolings]
            known = [polisher.price_part(part) for polisher in polishers]
            values = [value for value in known if value is not None]
            for cooling, value, polisher in zip(place.coolings, values, polishers, strict=False):
                cooling.see(value, polisher.indices.numel())
            costs = torch.stack(values) if values else None
            yield Progress(share, costs, number, num_evaluations=1 if values else 0)
            self._move(polishers, place, state)
        if place.number < num_moves:
            place.number = num_moves
            costs = torch.stack([polisher.price() for polisher in polishers])
            yield Progress(1.0, costs, num_moves, num_evaluations=1, in_history=False)

    def needs(self, problem: Problem) -> frozenset[Ability]:
        return frozenset({"quadratic"})

    def memory(self, problem: Problem) -> StageMemory:
        return StageMemory(_PLANES + problem.num_channels * _PLANES_PER_CHANNEL)

    def compiled_memory(self, problem: Problem) -> StageMemory | None:
        return memory_of_kernels(problem)

    def work(self, problem: Problem) -> float:
        colors = problem.num_colors
        sweep = _CHANNEL_WORK * problem.num_channels + _COLOR_WORK * colors
        num_refits = sum(map(self._is_time_to_refit, range(self.sweeps))) * problem.learns_palette
        return problem.num_pixels * (self.sweeps * sweep + num_refits * _REFIT_WORK * colors)

    def _moves(self, polisher: PolishSearch) -> Iterator[tuple[int, range, int]]:
        """Yield each move's number, the sweeps that it is a part of, and the part."""
        first = 0
        while first < self.sweeps:
            last = min(first + polisher.num_sweeps_at_once, self.sweeps)
            refits = (sweep for sweep in range(first + 1, last) if self._is_time_to_refit(sweep))
            sweeps = range(first, next(refits, last))
            for part in range(polisher.num_parts):
                yield first * polisher.num_parts + part * len(sweeps), sweeps, part
            first = sweeps.stop

    def _start(
        self, context: StageContext, state: State, resumed: "_Place | None"
    ) -> list[PolishSearch]:
        each = context.bind_each(state.palette)
        pictures = state.picture()
        generators = copy_generators(state.generator, len(each))
        generators = resumed.generators if resumed else generators
        rule = context.problem.cells
        polishers: list[PolishSearch] = []
        for number, (bound, generator) in enumerate(zip(each, generators, strict=True)):
            choices = None if state.cell_choices is None else state.cell_choices[number]
            allowed = bound.allowed_colors(state.palette.shape[1])
            if rule is not None and choices is not None:
                allowed = AllowedColors.of(rule, choices)
            start = PolishStart(bound, pictures[number], state.palette, generator)
            work = kernel_work(context, bound.cost, num_searches=len(each))
            polishers.append(start.search(work, swaps=self.moves == "swaps", allowed=allowed))
        if resumed:
            for polisher, values in zip(polishers, resumed.searches, strict=True):
                polisher.resume(values)
        self._keep(polishers, state)
        return polishers

    def _move(self, polishers: list[PolishSearch], place: "_Place", state: State) -> None:
        for polisher, temperature in zip(polishers, place.temperatures, strict=True):
            polisher.move_part(place.part, temperature)
        self._keep(polishers, state)

    def _keep(self, polishers: Sequence[PolishSearch], state: State) -> None:
        keep_generator(state.generator, polishers[0].generator)
        state.show_indices(stack_pictures([polisher.indices for polisher in polishers]))

    def _is_time_to_refit(self, sweep: int) -> bool:
        """Return whether it is after 1, 3, 7, 15, ... sweeps, and not near the end."""
        return sweep & (sweep + 1) == 0 and 0 < sweep < _REFITTING_PART * self.sweeps


@dataclass
class _Place(Kept):
    """The place of a polish after a yield; lists have an item for each picture.

    Attributes:
        number: Of the move that comes next; -1 before the first yield.
        part: Of the sweep, for that move.
        generators: Of the searches.
        coolings: Of the temperatures.
        temperatures: Of the next move.
        searches: Values of the searches.
    """

    number: int
    part: int
    generators: list[torch.Generator]
    coolings: list[Cooling]
    temperatures: list[float]
    searches: list[Any]

    @classmethod
    def start(cls, polishers: Sequence[PolishSearch], heat: float) -> "_Place":
        generators = [polisher.generator for polisher in polishers]
        return cls(-1, 0, generators, [Cooling(heat) for _ in polishers], [], [])

    def at(self, polishers: Sequence[PolishSearch]) -> "_Place":
        self.searches = [polisher.values() for polisher in polishers]
        return self


def refit_palette(polishers: Sequence[PolishSearch], context: StageContext, state: State) -> None:
    """Move the palette to its best place for all pictures, in 8-bit steps.

    A color that no pixel shows goes where it is missed most.
    """
    problem = context.problem
    hardware, num_fixed = problem.hardware, problem.num_locked
    equations = reduce(add, (polisher.palette_equations() for polisher in polishers))
    counts = reduce(add, (polisher.count_colors() for polisher in polishers))
    before, counts = to_host(state.palette, counts.to(state.palette))
    bound = context.bind(state.palette)
    palette = revive_colors(
        fit_palette(equations, before, num_fixed, hardware),
        counts,
        bound.cost,
        bound.target,
        least_share=1,
        num_fixed=num_fixed,
        hardware=hardware,
    )
    state.palette = (palette.to(state.palette.device) * 255).round() / 255
    for polisher in polishers:
        polisher.show(state.palette)
