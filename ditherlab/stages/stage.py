"""The protocol of a stage: configuration that moves a state, step by step."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ditherlab.discrete.allowed_colors import AllowedColors
from ditherlab.errors import RequestError
from ditherlab.problem import Problem
from ditherlab.protocol import Ability, Cost, Kept, Target
from ditherlab.randomness import seeded_generator
from ditherlab.schedules import Temperatures
from ditherlab.specs import Strategy, spell_out
from ditherlab.stages.cursor import Cursor, Values
from ditherlab.stages.state import State
from ditherlab.stages.weaken import weaken_dither
from ditherlab.types import Colors


@dataclass(frozen=True)
class Progress(Kept):
    """The report of a stage after a step.

    Attributes:
        share: How much of the stage is done, from 0 to 1.
        cost: Expected cost of the pictures as they stand in the state, or as they were before the
            step if pricing them again would cost another evaluation; None if the step priced no
            picture that compares with the others.
        step: Steps taken so far.
        num_evaluations: Pictures priced for this step.
        num_backward_passes: Those of them that were also differentiated.
        in_history: Whether the cost belongs to the course of the run: not that of the finished
            pictures, which are priced once more, and not that of attempts beside it.
        is_repeated: Whether the stage has only come back to the yield at which it was interrupted.
    """

    share: float
    cost: Float[Tensor, "b"] | None = None
    step: int = 0
    num_evaluations: int = 0
    num_backward_passes: int = 0
    in_history: bool = True
    is_repeated: bool = False


REPEATED = Progress(0.0, is_repeated=True)
"""The first yield of a stage that goes on where it was interrupted."""


@dataclass(frozen=True)
class Bound:
    """An objective bound to what the pictures shall look like.

    Attributes:
        target: The fitted sources, with weakened dither if the strength asks for it.
        cost: Prices pictures against the target.
        inks: The color that each pixel must have; -1 for any, None if all may have any.
    """

    target: Target
    cost: Cost
    inks: Int[Tensor, "b h w"] | None = None

    @classmethod
    def of(
        cls, problem: Problem, target: Target, inks: Int[Tensor, "b h w"] | None = None
    ) -> "Bound":
        """Bind the objective of a problem."""
        return cls(target, problem.objective.bind(target), inks)

    def allowed_colors(self, num_colors: int) -> AllowedColors | None:
        """Return the colors that each pixel of the only picture may have; None for all."""
        return None if self.inks is None else AllowedColors.of_inks(self.inks[0], num_colors)


@dataclass(kw_only=True)
class StageContext:
    """Everything beside the state that a stage may use.

    Attributes:
        problem: What is asked for.
        device: Where tensors live.
        seed: Of the run; the state's generator was made from it.
        num_threads: Threads that compiled code may use; torch itself computes on one.
        cache_bytes: Memory that compiled code may use for what it could compute again.
        spent: Returns which part of the stage's time and evaluations is spent, from 0 to 1, so that
            annealing keeps pace with the clock.
        notes: Sentences for the user; stages may add to them.
        kept: Copy of a good state that a stage has, so that the loop needs none of its own.
        restored: Costs of a state that a stage restored when it was stopped, and could not yield.
        cursor: The place of the stage, from which an interrupted run goes on.
        first_palette: The palette of the first call of `bind`; None before.
    """

    problem: Problem
    device: torch.device
    seed: int = 0
    num_threads: int = 1
    cache_bytes: int = 1 << 26
    spent: Callable[[], float] = field(default=lambda: 0.0)
    notes: list[str] = field(default_factory=list)
    kept: State | None = None
    restored: Float[Tensor, "b"] | None = None
    cursor: Cursor = field(default_factory=Cursor)
    first_palette: Colors | None = None
    _bound: Bound | None = None
    _each: tuple[Bound, ...] | None = None

    def bind(self, palette: Colors) -> Bound:
        """Return the cost of all pictures, bound once.

        Args:
            palette: Display sRGB. With a strength below 1, the first palette decides the target.
        """
        if self._bound is None:
            # A descent moves the colors in place.
            problem, self.first_palette = self.problem, palette.clone()
            inks = problem.inks(self.device)
            bound = Bound.of(problem, problem.target(self.device), inks)
            if problem.strength < 1:
                weak = weaken_dither(bound.target, bound.cost, palette, problem.strength)
                bound = Bound.of(problem, weak, inks)
            self._bound = bound
        return self._bound

    def bind_each(self, palette: Colors) -> tuple[Bound, ...]:
        """Return the cost of each picture by itself."""
        if self._each is None:
            bound = self.bind(palette)
            targets = bound.target.split()
            inks = [None] * len(targets) if bound.inks is None else bound.inks.split(1)
            self._each = (
                (bound,)
                if len(targets) == 1
                else tuple(
                    Bound.of(self.problem, target, one)
                    for target, one in zip(targets, inks, strict=True)
                )
            )
        return self._each

    def close(self) -> None:
        """Close the costs, which may hold worker processes."""
        for bound in {id(b): b for b in (self._bound, *(self._each or ())) if b}.values():
            bound.cost.close()

    def only(self, number: int, palette: Colors, cursor: Values | None = None) -> "StageContext":
        """Return the context of one of several pictures; its problem still names all of them.

        Args:
            number: Of the picture.
            palette: Display sRGB, for `bind`.
            cursor: The place of a stage that is resumed on the picture.
        """
        bound = self.bind_each(palette)[number]
        return replace(self, cursor=Cursor(cursor), _bound=bound, _each=None)

    def share(self, done: float) -> float:
        """Return how much of the stage is done: its own share, or that of the budget if larger."""
        return min(1.0, max(done, self.spent()))

    def after(self, part: float) -> "StageContext":
        """Return a context that counts as spent only what is spent after a part."""
        rest = max(1 - part, 1e-9)
        return replace(self, spent=lambda: max(0.0, self.spent() - part) / rest)

    def fresh_generator(self) -> torch.Generator:
        """Return a generator for draws that decide, and must not disturb the state's own."""
        return seeded_generator(self.seed + 1, self.device)


@dataclass(frozen=True)
class StageMemory:
    """Numbers that a stage holds at its peak, as measured and rounded up.

    Attributes:
        num_planes: For each pixel, whatever the palette.
        num_planes_per_color: For each pixel and palette color.
    """

    num_planes: float = 0.0
    num_planes_per_color: float = 0.0

    def scaled(self, part: float) -> "StageMemory":
        """Return the need on a part of the pixels."""
        return StageMemory(self.num_planes * part, self.num_planes_per_color * part)


class Stage(Strategy, ABC):
    """A step on the way from a problem to a picture: a frozen dataclass of settings.

    Attributes:
        part_of_time: Part of the remaining time that the stage may take if others follow; 0 for a
            stage that takes hardly any time and is never cut short.
        counts_steps: Whether its steps are reported as the steps of the run.
        makes_picture: Whether the state has a picture when it ends.
        needs_picture: Whether the state must have a picture, or probabilities, when it begins.
        obeys_cells: Whether it keeps to the colors of the cells of an old machine.
        joins_pictures: Whether it works on all pictures together while their palette is learned;
            else it runs on each by itself.
    """

    part_of_time: ClassVar[float] = 0.5
    counts_steps: ClassVar[bool] = False
    makes_picture: ClassVar[bool] = False
    needs_picture: ClassVar[bool] = False
    obeys_cells: ClassVar[bool] = False
    joins_pictures: ClassVar[bool] = False

    @abstractmethod
    def run(self, context: StageContext, state: State) -> Iterator[Progress]:
        """Move the state, and yield after each step.

        The solver may stop at every yield, by closing the generator: the state must then be valid.
        """

    def needs(self, problem: Problem) -> frozenset[Ability]:
        """Return the abilities that the objective must offer."""
        del problem
        return frozenset()

    def instead(self, problem: Problem) -> Sequence[str]:
        """Return words of stages that work where this one lacks an ability."""
        del problem
        return ()

    def check(self, problem: Problem) -> None:
        """Refuse a problem that the stage cannot work on, beyond what `needs` says.

        Raises:
            RequestError: If it does not suit; the message says what does.
        """
        return

    def resolved(self, problem: Problem) -> "Stage":
        """Return the stage with every parameter that was left open set for a problem."""
        del problem
        return self

    def is_needed(self, state: State) -> bool:
        """Return whether a run that was stopped still needs this stage to have a picture.

        Of such a stage only the first step is taken: it must make a picture, and price none.
        """
        return self.makes_picture and not state.has_picture

    def memory(self, problem: Problem) -> StageMemory:
        """Return the memory that the stage takes at its peak."""
        del problem
        return StageMemory()

    def compiled_memory(self, problem: Problem) -> StageMemory | None:
        """Return the memory where the compiled kernels do the work; None if they never do."""
        del problem
        return None

    def work(self, problem: Problem) -> float:
        """Return the expected CPU time in nanoseconds, from which the progress bar is scaled."""
        return float(problem.num_pixels)

    @property
    def name(self) -> str:
        """The word of the recipe and of progress reports."""
        return str(self).partition("(")[0]

    @property
    def public_words(self) -> str:
        """The words for a file that others see: they name no folder of this machine."""
        return str(self)

    @property
    def code_words(self) -> str:
        """A text that identifies what the stage does: of code in a file, by a hash of the code."""
        return str(self)

    def __str__(self) -> str:
        return spell_out(self)


def check_count(what: str, value: int, least: int = 1) -> None:
    """Refuse a number of steps or sweeps that is none.

    Raises:
        RequestError: If it is below the least value, or not whole.
    """
    if not isinstance(value, int) or value < least:
        raise RequestError(f"`{what}` must be at least {least}, got {value}.")


def check_temperatures(what: str, temperature: Temperatures | None) -> None:
    """Refuse temperatures that are not positive.

    Raises:
        RequestError: If the first or the last one is not.
    """
    if temperature is not None and not all(0 < value < inf for value in temperature):
        first, last = temperature
        raise RequestError(f"`{what}` must be two positive numbers, got {first:g} and {last:g}.")
