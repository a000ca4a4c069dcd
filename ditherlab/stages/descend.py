"""The stage `descend`: move every pixel's probabilities along an estimated gradient."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch

from ditherlab.devices import to_host
from ditherlab.estimators import Moments
from ditherlab.kernels.mean_field import CompiledMeanField
from ditherlab.kernels.palette_sums import sum_for_probs
from ditherlab.kernels.work import KernelWork
from ditherlab.optimizers import MeanField, PaletteDescent
from ditherlab.optimizers.mean_field import MeanFieldState
from ditherlab.optimizers.parameter_descent import ParameterState
from ditherlab.palette_learning.palette_fit import fit_palette, revive_colors
from ditherlab.problem import Problem
from ditherlab.protocol import (
    Ability,
    ColorCosts,
    Estimate,
    Estimator,
    Optimizer,
    PaletteEquations,
)
from ditherlab.protocol.categorical import peaked_probs
from ditherlab.schedules import Temperatures
from ditherlab.stages.annealing import Annealing
from ditherlab.stages.compiled_work import kernel_work
from ditherlab.stages.descent import Descent, Mover, descent_memory, descent_work
from ditherlab.stages.keep_best import keep_best
from ditherlab.stages.stage import (
    REPEATED,
    Bound,
    Progress,
    Stage,
    StageContext,
    StageMemory,
    check_count,
    check_temperatures,
)
from ditherlab.stages.state import State
from ditherlab.stages.strategies import (
    check_estimator,
    check_optimizer,
    default_estimator,
    default_optimizer,
)
from ditherlab.types import Colors, Logits, MomentTable, Probs

# A fit of the palette takes as long as a few steps.
_STEPS_BETWEEN_REFITS = 6

# A color that is shown less than this part of its fair share is idle; it is moved elsewhere as long
# as the others have time to make room.
_IDLE_SHARE = 0.02
_REVIVING_PART = 0.75

# Colors that hardware must show take its colors one by one while the steps go from this part to
# that: the other colors, and all pixels, adjust to each.
_LANDING_PARTS = (0.85, 0.95)

# Certainty of the colors of an index image from which a descent starts.
_CERTAINTY = 0.9

_MEAN_FIELD_PLANES, _ADAM_PLANES, _PATHWISE_PLANES = 3.1, 9.0, 12.0


@dataclass(frozen=True)
class Descend(Stage):
    """Optimize probabilities, and a palette that is still free, against the expected cost.

    Starts from logits, probabilities or an index image; ends with probabilities. If the cost rose,
    the best state is restored.

    Attributes:
        estimator: Of the gradient; None takes what suits the objective.
        optimizer: Of the probabilities; None takes what suits the estimator.
        temperature: First and last temperature of the annealing: a relaxation's own temperature,
            else the weight of a pixel's mean entropy against the cost. None takes what suits.
        steps: Number of steps.
    """

    needs_picture: ClassVar[bool] = True

    part_of_time: ClassVar[float] = 0.6
    counts_steps: ClassVar[bool] = True
    joins_pictures: ClassVar[bool] = True

    estimator: Estimator | None = None
    optimizer: Optimizer | None = None
    temperature: Temperatures | None = None
    steps: int = 150

    def __post_init__(self) -> None:
        check_count("descend(steps=...)", self.steps)
        check_temperatures("descend(temperature=...)", self.temperature)

    def run(self, context: StageContext, state: State) -> Iterator[Progress]:
        problem = context.problem
        estimator, optimizer = self._strategies(problem)
        bound = context.bind(state.palette)
        moved = context.cursor.resume("mover")
        mover = _mover(context, bound, estimator, optimizer, state, moved=moved)
        context.cursor.keep("mover", mover.values)
        if moved is None:
            yield Progress(0.0)
        elif not context.cursor.has("descent"):
            yield REPEATED
        annealing = Annealing.of(
            estimator,
            problem.objective,
            self.temperature,
            fits_palette=mover.refits_palette,
        )
        descent = Descent(bound.cost, estimator, annealing, self.steps)
        steps = descent.run(context, state, mover)
        advice = f"`{estimator}` is too noisy here"
        yield from keep_best(steps, context, state, bound.cost, advice)

    def needs(self, problem: Problem) -> frozenset[Ability]:
        return self._strategies(problem)[0].needs

    def check(self, problem: Problem) -> None:
        estimator, optimizer = self._strategies(problem)
        check_estimator(problem, estimator)
        check_optimizer(problem, estimator, optimizer)

    def resolved(self, problem: Problem) -> "Descend":
        estimator, optimizer = self._strategies(problem)
        return replace(self, estimator=estimator, optimizer=optimizer)

    def memory(self, problem: Problem) -> StageMemory:
        estimator, optimizer = self._strategies(problem)
        per_color = _ADAM_PLANES
        if optimizer.needs_color_costs:
            per_color = _MEAN_FIELD_PLANES
        elif "gradient" in estimator.needs:
            per_color = _PATHWISE_PLANES + estimator.num_draws
        return descent_memory(problem, estimator, per_color)

    def compiled_memory(self, problem: Problem) -> StageMemory | None:
        # Torch moves the probabilities of several pictures.
        return None if len(problem.pictures) > 1 else self.compiled_memory_of_one(problem)

    def compiled_memory_of_one(self, problem: Problem) -> StageMemory | None:
        """Return the memory for one picture in the compiled kernels; None if torch moves it."""
        estimator, optimizer = self._strategies(problem)
        if not (estimator == Moments() and isinstance(optimizer, MeanField)):
            return None
        num_planes = 10.0 + 10.0 * problem.num_channels
        return StageMemory(num_planes, _MEAN_FIELD_PLANES)

    def work(self, problem: Problem) -> float:
        estimator, _ = self._strategies(problem)
        return descent_work(problem, estimator, problem.num_pixels, self.steps)

    def _strategies(self, problem: Problem) -> tuple[Estimator, Optimizer]:
        estimator = self.estimator or default_estimator(problem.objective)
        return estimator, self.optimizer or default_optimizer(problem.objective, estimator)


class PixelMover(Mover):
    """Moves the probabilities of every pixel, and the palette if it is free.

    Args:
        bound: The cost.
        optimizer: Of the probabilities.
        problem: For the colors that must stay, or that the hardware can show.
        state: Whose probabilities and palette move.
        moved: The `values` of an interrupted mover that goes on; None for a new one.
    """

    def __init__(
        self, bound: Bound, optimizer: Optimizer, problem: Problem, state: State, moved: Any = None
    ) -> None:
        self.bound, self.optimizer, self.state = bound, optimizer, state
        self.num_locked, self.hardware = problem.num_locked, problem.hardware
        # Where probabilities jump to what is best for the palette, it has to keep up with them.
        is_closed_form = optimizer.needs_color_costs and problem.is_quadratic
        self.refits_palette = state.palette_is_free and is_closed_form
        self.asks_palette = state.palette_is_free and not is_closed_form
        self.pixels: Any
        self.colors: ParameterState
        self.num_steps: int
        self.pixels, self.colors, self.num_steps = moved or self._start()

    def step(self, estimate: Estimate, temperature: float, share: float) -> None:
        state = self.state
        probs = self.optimizer.step(self.pixels, estimate, temperature, state.generator)
        if estimate.grad_palette is not None:
            gradient = estimate.grad_palette.sum(dim=0, keepdim=True)
            gradient[:, : self.num_locked] = 0
            # The descent itself goes on between the colors of the hardware.
            state.palette = self._snap(PaletteDescent().step(self.colors, gradient))
        elif self.refits_palette and self.num_steps % _STEPS_BETWEEN_REFITS == 0:
            state.palette = self._fit_palette(probs, state.palette, share)
        state.show_probs(probs)
        self.num_steps += 1

    def values(self) -> tuple[Any, ...]:
        """Return what moves beside the state."""
        return self.pixels, self.colors, self.num_steps

    def _start(self) -> tuple[Any, ParameterState, int]:
        logits = _starting_logits(self.state)
        self.state.show_probs(logits.softmax(dim=1))
        return self.optimizer.start(logits), PaletteDescent().start(self.state.palette), 0

    def _snap(self, palette: Colors) -> Colors:
        return palette if self.hardware is None else self.hardware.snap(palette, self.num_locked)

    def _equations(self, probs: Probs) -> PaletteEquations:
        return self.bound.cost.palette_equations(probs)

    def _fit_palette(self, probs: Probs, palette: Colors, share: float) -> Colors:
        """Return the best palette for the probabilities; move idle colors while there is time."""
        equations = self._equations(probs)
        # At once, or from the start, colors would land where the pixels then keep them.
        first, last = _LANDING_PARTS
        part = min(1.0, max(0.0, (share - first) / (last - first)))
        opaque = self.bound.target.opaque.flatten().to(probs)
        shares = probs.movedim(1, 0).flatten(1) @ (opaque / opaque.sum())
        before, shares = to_host(palette, shares)
        fitted = fit_palette(equations, before, self.num_locked, self.hardware, part)
        if not part and self.hardware is not None:
            self.state.free_palette = fitted.to(palette.device)
        if share <= _REVIVING_PART:
            fitted = revive_colors(
                fitted,
                shares,
                self.bound.cost,
                self.bound.target,
                least_share=_IDLE_SHARE / len(shares),
                num_fixed=self.num_locked,
            )
        return fitted.to(palette.device)


class CompiledPixelMover(PixelMover):
    """Moves probabilities by mean-field annealing in the compiled kernels, with exact slopes."""

    def __init__(
        self,
        bound: Bound,
        optimizer: MeanField,
        problem: Problem,
        state: State,
        work: KernelWork,
        *,
        moved: Any = None,
    ) -> None:
        shared: Any
        shared, *visited = moved or (None,)
        super().__init__(bound, optimizer, problem, state, shared)
        self.mean_field, self.work = optimizer, work
        # The kernels hold the probabilities; of the optimizer's state, only the visits move.
        nothing = torch.empty(0, dtype=torch.int64)
        self.visits = self.pixels or MeanFieldState(state.model().probs, nothing)
        self.pixels = None
        form = bound.cost.quadratic_forms[0]
        self.field = CompiledMeanField(work.library, form, state.model().probs[0])
        self.table = self._show_colors()
        if moved is not None:
            self.visits.unvisited, self.field.moments = visited
        state.show_probs(self.field.probs.unsqueeze(0))

    def estimate(self) -> Estimate:
        value = self.field.estimate(self.work.num_threads)
        probs = self.state.model().probs
        return Estimate(
            value=probs.new_tensor([value]),
            grad_palette=None,
            num_evaluations=1,
            num_backward_passes=1,
            color_costs=self._color_costs() if self.num_steps == 0 else None,
            probs=probs,
        )

    def step(self, estimate: Estimate, temperature: float, share: float) -> None:
        state = self.state
        pixels = self.mean_field.next_part(self.visits, state.generator)
        self.field.respond(pixels, temperature / self.field.form.opaque.numel())
        if self.refits_palette and self.num_steps % _STEPS_BETWEEN_REFITS == 0:
            state.palette = self._fit_palette(state.model().probs, state.palette, share)
            self.table = self._show_colors()
        self.num_steps += 1

    def values(self) -> tuple[Any, ...]:
        # The probabilities are those of the state.
        return (None, self.colors, self.num_steps), self.visits.unvisited, self.field.moments

    def _show_colors(self) -> MomentTable:
        table = self.bound.cost.expected_color_moments(self.state.palette)
        self.field.set_colors(table[0, : len(self.field.form.values)])
        return table

    def _color_costs(self) -> ColorCosts:
        """Return the price of each color at each pixel, which sets the first temperature."""
        weights = self.field.variance_weights
        means = self.table[0, : len(weights)] @ self.field.probs.flatten(1)
        slopes = self.field.slopes * self.field.form.opaque
        field = torch.cat([slopes - 2 * weights * means.view(weights.shape), weights])
        return ColorCosts(self.table, field.unsqueeze(0))

    def _equations(self, probs: Probs) -> PaletteEquations:
        sums = sum_for_probs(self.work.library, self.field, self.work.num_threads)
        return PaletteEquations.of_channels(self.field.form.mixing, *sums)


def _mover(
    context: StageContext,
    bound: Bound,
    estimator: Estimator,
    optimizer: Optimizer,
    state: State,
    *,
    moved: Any,
) -> PixelMover:
    """Return what moves the probabilities: compiled where the kernels know the mathematics."""
    work = kernel_work(context, bound.cost)
    is_known = estimator == Moments() and len(bound.target.images) == 1
    if work is not None and is_known and isinstance(optimizer, MeanField):
        return CompiledPixelMover(bound, optimizer, context.problem, state, work, moved=moved)
    return PixelMover(bound, optimizer, context.problem, state, moved)


def _starting_logits(state: State) -> Logits:
    if state.logits is not None:
        return state.logits
    if state.indices is None:
        return state.model().log_probs
    pictures = [peaked_probs(one, state.palette, _CERTAINTY) for one in state.indices]
    return torch.cat(pictures).log_()
