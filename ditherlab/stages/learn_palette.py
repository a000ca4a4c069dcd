"""The stage `learn-palette`: learn the colors on a smaller copy of the pictures."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

import torch

from ditherlab.errors import RequestError
from ditherlab.images import Picture, lay_out
from ditherlab.palette_learning.first_palette import other_palette
from ditherlab.problem import LearnedPalette, Problem
from ditherlab.protocol import Ability, Estimator, Kept, Optimizer
from ditherlab.randomness import seeded_generator
from ditherlab.schedules import Temperatures
from ditherlab.stages.compiled_work import kernel_work
from ditherlab.stages.descend import Descend
from ditherlab.stages.nearest import Nearest
from ditherlab.stages.palette_choice import choose_palette
from ditherlab.stages.stage import (
    Bound,
    Progress,
    Stage,
    StageContext,
    StageMemory,
    check_count,
    check_temperatures,
)
from ditherlab.stages.state import State
from ditherlab.types import Colors

# By how much a palette from the other start must be cheaper on the copy. Of five photos, the one
# where it was 17 % gained 9 % in FLIP; at 6 % and 1 %, FLIP lost 2 % and 3 %.
_LEAST_GAIN = 0.1

# Measured CPU nanoseconds for each pixel, of the clusters that learning starts from.
_FIRST_PALETTE_WORK = 500.0

# A second start needs at least as much time as the first one took.
_MOST_FOR_FIRST_START = 0.5


@dataclass(frozen=True)
class LearnPalette(Stage):
    """Learn the palette together with the probabilities of a copy that is then thrown away.

    The copy starts at the nearest colors and descends. With two starts, k-means and colors far
    apart, the palette in which the dithered copy is cheaper is kept. Several pictures lie side by
    side in the copy, each with the same weight.

    Attributes:
        estimator: Of the gradient; None takes what suits the objective.
        optimizer: Of the probabilities; None takes what suits the estimator.
        temperature: First and last temperature of the annealing, as in `descend`.
        steps: Number of steps from each start.
        pixels: Size of the copy.
        starts: 1, or 2, which takes twice as long.
    """

    part_of_time: ClassVar[float] = 0.4
    counts_steps: ClassVar[bool] = True
    joins_pictures: ClassVar[bool] = True

    estimator: Estimator | None = None
    optimizer: Optimizer | None = None
    temperature: Temperatures | None = None
    steps: int = 150
    pixels: int = 1 << 15
    starts: Literal[1, 2] = 1

    def __post_init__(self) -> None:
        check_count("learn-palette(steps=...)", self.steps)
        check_count("learn-palette(pixels=...)", self.pixels)
        check_temperatures("learn-palette(temperature=...)", self.temperature)

    def run(self, context: StageContext, state: State) -> Iterator[Progress]:
        if not state.palette_is_free:
            return
        problem = copy_to_learn_on(context.problem, self.pixels)
        copy = replace(context, problem=problem, _bound=None, _each=None)
        try:
            yield from self._learn(copy, state)
        finally:
            copy.close()

    def needs(self, problem: Problem) -> frozenset[Ability]:
        return self._descend.needs(problem)

    def check(self, problem: Problem) -> None:
        self._descend.check(problem)
        smallest = problem.objective.min_size_px
        if self.pixels < smallest**2:
            raise RequestError(
                f"`learn-palette(pixels=...)` must be at least {smallest**2} for "
                f"`{problem.objective}`, got {self.pixels}."
            )

    def resolved(self, problem: Problem) -> "LearnPalette":
        found = self._descend.resolved(problem)
        return replace(self, estimator=found.estimator, optimizer=found.optimizer)

    def memory(self, problem: Problem) -> StageMemory:
        part = min(1.0, self.pixels / problem.num_pixels)
        return self._descend.memory(problem).scaled(part)

    def compiled_memory(self, problem: Problem) -> StageMemory | None:
        needed = self._descend.compiled_memory_of_one(problem)
        part = min(1.0, self.pixels / problem.num_pixels)
        return None if needed is None else needed.scaled(part)

    def work(self, problem: Problem) -> float:
        part = min(1.0, self.pixels / problem.num_pixels)
        first_palette = problem.num_pixels * _FIRST_PALETTE_WORK
        return first_palette + self.starts * part * self._descend.work(problem)

    @property
    def _descend(self) -> Descend:
        return Descend(self.estimator, self.optimizer, self.temperature, self.steps)

    def _learn(self, copy: StageContext, state: State) -> Iterator[Progress]:
        """Learn from each start; the outer state always has the palette to keep so far."""
        resumed: _Place | None = copy.cursor.resume("start")
        place = resumed or _Place(_begin(state.palette, state.generator))
        if not place.palettes:
            first = place.state
            for progress in self._descend_from(place, copy):
                state.palette, state.temperature = first.palette, first.temperature
                yield progress
            state.palette = yield from _finished_palette(first, copy)
            if self._has_another_start(copy):
                place = _Place(_other_start(copy, state), [state.palette], copy.spent())
        if place.palettes:
            yield from self._learn_again(copy, state, place)
        yield Progress(1.0, step=self.steps)

    def _learn_again(self, copy: StageContext, state: State, place: "_Place") -> Iterator[Progress]:
        """Learn from the second start, and choose between the palettes."""
        other = place.state
        yield from self._descend_from(place, copy.after(place.spent))
        palettes = [*place.palettes, (yield from _finished_palette(other, copy))]
        bound = copy.bind(state.palette)
        state.palette = yield from choose_palette(
            palettes,
            bound,
            other.generator,
            kernel_work(copy, bound.cost),
            least_gain=_LEAST_GAIN,
        )

    def _has_another_start(self, copy: StageContext) -> bool:
        is_refitted = self._descend.resolved(copy.problem).optimizer
        is_closed_form = is_refitted is not None and is_refitted.needs_color_costs
        has_time = copy.spent() <= _MOST_FOR_FIRST_START
        return self.starts > 1 and is_closed_form and copy.problem.is_quadratic and has_time

    def _descend_from(self, place: "_Place", copy: StageContext) -> Iterator[Progress]:
        copy.cursor.keep("start", lambda: place)
        if not place.state.has_picture:
            for _ in Nearest().run(copy, place.state):
                pass
        number = len(place.palettes)
        for progress in self._descend.run(copy, place.state):
            share = (number + progress.share) / self.starts
            yield replace(progress, share=share, in_history=progress.in_history and not number)
        # A choice among palettes is short.
        copy.cursor.clear()


@dataclass
class _Place(Kept):
    """The place of learning while a copy descends.

    Attributes:
        state: Of the copy.
        palettes: Those that were learned from earlier starts.
        spent: Part of the time and evaluations that was spent before this start.
    """

    state: State
    palettes: list[Colors] = field(default_factory=list)
    spent: float = 0.0


def _begin(palette: Colors, generator: torch.Generator) -> State:
    return State(palette=palette, generator=generator, palette_is_free=True)


def _other_start(copy: StageContext, state: State) -> State:
    target = copy.bind(state.palette).target
    learned = copy.problem.learned or LearnedPalette()
    # Its own generator: if the first palette is kept, the rest is as with a single start.
    generator = seeded_generator(copy.seed, copy.device)
    return _begin(other_palette(target, learned.num_colors, copy.problem.locked_colors), generator)


def _finished_palette(state: State, copy: StageContext) -> Generator[Progress, None, Colors]:
    """Return the learned palette; in a hardware gamut, never one worse than the rounded one."""
    problem = copy.problem
    if problem.hardware is None:
        return state.palette
    snapped = problem.hardware.snap(state.palette, problem.num_locked)
    if state.free_palette is None:
        return snapped
    rounded = problem.hardware.snap(state.free_palette, problem.num_locked)
    bound = copy.bind(state.palette)
    work = kernel_work(copy, bound.cost)
    chosen: Colors = yield from choose_palette([snapped, rounded], bound, state.generator, work)
    return chosen


def copy_to_learn_on(problem: Problem, num_px: int) -> Problem:
    """Return the same problem for a smaller copy of the pictures, at full strength."""
    pictures = problem.pictures
    copy = (
        pictures[0].shrink(num_px)
        if len(pictures) == 1
        else lay_out_apart(replace(problem, picture=pictures[0]), pictures, num_px)
    )
    palette = problem.palette
    if isinstance(palette, LearnedPalette):
        palette = replace(palette, locked=problem.locked_colors, keeps_flats=False)
    return replace(problem, picture=copy, palette=palette, strength=1.0)


def lay_out_apart(problem: Problem, pictures: Sequence[Picture], num_px: int) -> Picture:
    """Put pictures side by side, further apart than an objective sees.

    Args:
        problem: Of one of the pictures.
        pictures: Each is shrunk to its share.
        num_px: Shared by all pictures.
    """
    gap_px = 0
    if "local" in problem.objective.abilities:
        bound = Bound.of(problem, problem.target())
        gap_px = bound.cost.footprint_px
        bound.cost.close()
    return lay_out(pictures, num_px=num_px, gap_px=gap_px)
