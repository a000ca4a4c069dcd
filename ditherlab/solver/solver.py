"""The loop: a `Problem` goes in, a `Solution` comes out."""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from ditherlab.black_box.deadline import DeadlineError, deadline
from ditherlab.discrete.cells.annealing import CellSearch
from ditherlab.discrete.direct_binary_search import NUM_CLASSES, Cooling, Polisher
from ditherlab.discrete.search import Method, Search, SearchContext
from ditherlab.errors import DitherlabError, ObjectiveError, PictureError
from ditherlab.models import Rounding
from ditherlab.optimizers import PaletteDescent
from ditherlab.palette import Palette, written_for
from ditherlab.palette_learning.palette_fit import fit_palette, revive_colors
from ditherlab.problem.problem import Problem
from ditherlab.protocol import Estimate
from ditherlab.protocol.categorical import Categorical, largest_color
from ditherlab.randomness import seeded_generator
from ditherlab.solver.memory import free_memory_bytes
from ditherlab.solver.memory_need import memory_need
from ditherlab.solver.solution import History, Look, Outcome, Solution, Stage
from ditherlab.stages.annealing import Annealing
from ditherlab.stages.budget import Budget
from ditherlab.stages.model_descent import ModelDescent
from ditherlab.stages.palette_choice import choose_palette
from ditherlab.stages.start import (
    diffused_indices,
    first_palette,
    indices_to_logits,
    nearest_logits,
    other_palette,
    weaken_dither,
)
from ditherlab.types import Colors, Probs

SECONDS_BETWEEN_LOOKS = 0.2

# A look at a large picture takes longer than a step: it may take a twentieth of the time.
_STEPPING_TO_LOOKING = 20

# Which part of the progress learning a palette on a copy is.
_LEARNING_PART = 0.4

# A fit of the palette takes as long as a few steps.
_STEPS_BETWEEN_REFITS = 6

# A color that is shown less than this part of its fair share is idle; it is moved elsewhere as long
# as there is time for the others to make room.
_IDLE_SHARE = 0.02
_REVIVING_PART = 0.75

# Colors that hardware must show take its colors one by one while the steps go from this part to
# that: those still free, and all pixels, answer to each.
_LANDING_PARTS = (0.85, 0.95)

# By how much a palette from the other start must be cheaper on the copy. Of five photos, the one
# where it was 17 % gained 9 % in FLIP; at 6 % and 1 %, FLIP lost 2 % and 3 %.
_LEAST_GAIN = 0.1

# Which part of the time steps may take if a polish follows.
_STEPPING_PART = 0.6

# To tell whether a run led uphill.
_NUM_DECIDING_DRAWS = 4

# Beyond the end of a run, for a cost that another process computes.
_LEAST_GRACE_S = 0.5


def optimize(
    problem: Problem,
    *,
    on_look: Callable[[Look], None] = lambda _look: None,
    should_stop: Callable[[], bool] = lambda: False,
    seconds_between_looks: float = SECONDS_BETWEEN_LOOKS,
    num_look_samples: int | None = None,
) -> Solution:
    """Find the picture, and the palette if it is free, at the least expected cost.

    Args:
        problem: What to do.
        on_look: Called now and then with the state of the run.
        should_stop: Asked before every step; True ends the run early, with the picture so far. A
            `KeyboardInterrupt` during the run has the same effect. A Python function that prices
            pictures in another process is not waited for then, nor after `max_seconds`.
        seconds_between_looks: At least; a look that takes long is taken less often.
        num_look_samples: Pictures to draw and price at each look, so that looks at different
            estimators compare; they change nothing and count as no evaluations. None trusts the
            estimator's own value, as does an objective that prices no drawn picture.

    Returns:
        The picture and its history; `outcome` says why the run ended.

    Raises:
        DeviceError: If the device is not there.
        ObjectiveError: If a Python function fails at its first pictures; later, the outcome is
            `cost-failed`.
        PictureError: If the run does not fit into memory.

    Example:
        >>> from ditherlab import Palette, Picture
        >>> gray = np.full((8, 8, 3), 188, dtype=np.uint8)
        >>> picture = Picture(pixels=gray, opaque=np.ones((8, 8), dtype=bool))
        >>> problem = Problem(picture=picture, palette=Palette.from_hex(["000", "fff"]))
        >>> 28 <= int(optimize(problem).indices.sum()) <= 36  # half of the light
        True
    """
    start_s = time.monotonic()
    memory_need(problem).check(free_memory_bytes(problem.chosen_device))
    try:
        with torch.no_grad():
            task = _Task(problem, start_s, seconds_between_looks, num_look_samples)
            return task.solve(on_look, should_stop)
    except DitherlabError:
        raise
    except (MemoryError, RuntimeError) as error:
        # torch reports a full memory in words only, unless the memory is a GPU's.
        if "memory" not in str(error) and not isinstance(error, MemoryError):
            raise
        raise PictureError(
            f"A picture of {problem.picture.width} x {problem.picture.height} pixels with "
            f"{problem.num_colors} colors does not fit into memory. Make it smaller, or use fewer "
            "colors."
        ) from error


@dataclass(frozen=True)
class _Task:
    """What a call of `optimize` has to do: one run, after one or two that learn the palette."""

    problem: Problem
    start_s: float
    seconds_between_looks: float
    num_look_samples: int | None

    def solve(self, on_look: Callable[[Look], None], should_stop: Callable[[], bool]) -> Solution:
        """Learn the palette on a copy, if there is anything to learn; then make the picture."""
        problem = self.problem
        generator = seeded_generator(problem.seed, problem.chosen_device)
        palette, learns_palette = first_palette(problem, generator)
        notes: list[str] = []
        if learns_palette and not problem.objective.abilities & {"gradient", "expectation"}:
            notes.append(
                f"`{problem.objective}` has no gradient for colors, so the palette stays as "
                "k-means found it."
            )
            learns_palette = False
        before: _Run | None = None
        learners: list[_Run] = []
        outcome: Outcome = "finished"
        if learns_palette and problem.learns_on_copy:
            learners, outcome = self._learn(palette, generator, _before(on_look), should_stop)
            before, palette = learners[0], learners[0].palette
            if outcome == "finished":
                before, palette = self._best(learners)
        run = _Run(self, problem, palette, generator, learns_palette=learns_palette)
        run.notes += notes
        for learner in learners:
            run.budget.carry_on(learner.budget)
        with closing(run.cost):
            if outcome not in ("interrupted", "not-finite"):
                ended = run.loop(_after(on_look) if before else on_look, should_stop)
                outcome = outcome if ended == "finished" else ended
            return run.solution(outcome, before)

    def _learn(
        self,
        palette: Colors,
        generator: torch.Generator,
        on_look: Callable[[Look], None],
        should_stop: Callable[[], bool],
    ) -> "tuple[list[_Run], Outcome]":
        """Learn a palette on a copy, and once more from another start if there is time for it.

        Where a palette ends depends on where it starts: the steps only descend.
        """
        copy = self.problem.copy_to_learn_on()
        first = _Run(self, copy, palette, generator, learns_palette=True)
        if not first.refits_palette or self.problem.num_palette_starts < 2:
            return [first], first.loop(on_look, should_stop)
        outcome = first.loop(_part(on_look, 0.0, 0.5), should_stop)
        rest = first.budget.problem_of_the_rest()
        if outcome != "finished" or rest is None:
            return [first], outcome
        begun_s = first.budget.seconds
        palette = other_palette(rest)
        # Its own, so that where the first palette is kept, the rest is as if there were no other.
        generator = seeded_generator(rest.seed, rest.chosen_device)
        other = _Run(self, rest, palette, generator, learns_palette=True, begun_s=begun_s)
        ended = other.loop(_part(on_look, 0.5, 1.0), should_stop)
        if ended == "finished":
            return [first, other], outcome
        first.budget.carry_on(other.budget)
        return [first], "interrupted" if ended == "interrupted" else outcome

    def _best(self, learners: "list[_Run]") -> "tuple[_Run, Colors]":
        """Return the run whose palette makes the cheapest dithered copy, and this palette."""
        palettes = [learner.learned_palette() for learner in learners]
        if len(learners) == 1:
            return learners[0], palettes[0]
        last = learners[-1]
        chosen = choose_palette(
            palettes,
            last.cost,
            last.target,
            last.generator,
            last.budget,
            least_gain=_LEAST_GAIN,
        )
        number = next(place for place, palette in enumerate(palettes) if palette is chosen)
        return learners[number], chosen


def _part(on_look: Callable[[Look], None], first: float, last: float) -> Callable[[Look], None]:
    """Show the progress of a part of a run as that of the whole."""
    return lambda look: on_look(replace(look, progress=first + (last - first) * look.progress))


def _before(on_look: Callable[[Look], None]) -> Callable[[Look], None]:
    return _part(on_look, 0.0, _LEARNING_PART)


def _after(on_look: Callable[[Look], None]) -> Callable[[Look], None]:
    return _part(on_look, _LEARNING_PART, 1.0)


@dataclass(frozen=True)
class _Position:
    """Where a run was: the distribution of pictures, and the parameters of its model, if any."""

    model: Categorical
    parameters: Mapping[str, torch.Tensor]


class _Run:
    """One run: what stays (problem, cost, strategies) and what moves (model, picture, states)."""

    def __init__(
        self,
        task: _Task,
        problem: Problem,
        palette: Colors,
        generator: torch.Generator,
        *,
        learns_palette: bool,
        begun_s: float = 0.0,
    ) -> None:
        self.problem = problem
        self.budget = Budget(problem, task.start_s, begun_s)
        self.seconds_between_looks = task.seconds_between_looks
        self.notes: list[str] = list(problem.fit_notes)
        self.failure: str | None = None
        self.generator = generator
        # Looks draw from their own, so that a run is the same however often it is looked at.
        self.look_generator = seeded_generator(problem.seed, problem.chosen_device)
        self.estimator = problem.chosen_estimator
        self.optimizer = problem.chosen_optimizer
        target = problem.target()
        self.cost = problem.objective.bind(target)
        if problem.strength < 1:
            target = weaken_dither(target, self.cost, palette, problem.strength)
            self.cost = problem.objective.bind(target)
        self.target = target
        self.num_look_samples = task.num_look_samples if "value" in self.cost.abilities else None
        self.showable = problem.showable
        palette = palette if learns_palette else self._into_gamut(palette)
        self.palette = palette
        self.learns_palette = learns_palette
        # Where probabilities jump to what is best for the palette, it has to keep up with them.
        is_closed_form = problem.chosen_optimizer.needs_color_costs
        self.refits_palette = (
            learns_palette and is_closed_form and "quadratic" in self.cost.abilities
        )
        self.free_palette: Colors | None = None
        self.indices: torch.Tensor | None = None
        self.annealing = Annealing.of(problem)
        self.baseline: object = None
        self.values: list[torch.Tensor] = []
        self.looks: list[Look] = []
        self.next_look_s = 0.0
        self.estimate_s = 0.0
        self.cells: CellSearch | None = None
        self.walk: Search | None = None
        self.descent: ModelDescent | None = None
        if problem.cells is not None:
            self.cells = CellSearch(problem.cells, problem.objective, self.cost, target, palette)
            self.walk, self.indices = self.cells, self.cells.indices
        elif problem.chosen_start == "error-diffusion":
            self.indices = diffused_indices(target, self.cost, palette, generator)
        if problem.method is not None:
            self.walk = problem.method.begin(self._scene(problem.method))
        elif problem.num_full_steps:
            self.model = self._first_model()
            self.good = self.best = self._position()

    def _scene(self, method: Method) -> SearchContext:
        if self.indices is None:
            logits = nearest_logits(self.target.images, self.palette, self.generator)
            self.indices = largest_color(logits)[0]
        problem = self.problem
        return SearchContext(
            cost=self.cost,
            palette=self.palette,
            indices=self.indices,
            num_rounds=problem.num_sweeps if method.sweeps else problem.num_steps,
            generator=self.generator,
            part_of_time=lambda: self.budget.part_of_time,
        )

    def _first_model(self) -> Categorical:
        palette, named = self.palette, self.problem.model
        if named is not None:
            bound = named.bind(Rounding.of(self.target, palette), self.generator)
            self.descent = ModelDescent(bound, named.learning_rate)
            return Categorical(self.descent.probs(0.0), palette)
        if self.indices is None:
            logits = nearest_logits(self.target.images, palette, self.generator)
        else:
            logits = indices_to_logits(self.indices, palette)
        self.pixels = self.optimizer.start(logits)
        self.colors = PaletteDescent().start(palette)
        follows_gradient = self.learns_palette and not self.refits_palette
        return Categorical.from_logits(logits, palette, learns_palette=follows_gradient)

    def loop(self, on_look: Callable[[Look], None], should_stop: Callable[[], bool]) -> Outcome:
        """Step until something ends the run; the picture is then the last good one, or the best."""
        if not self.problem.picture.opaque.any():
            return "nothing-to-draw"
        outcome: Outcome = "finished"
        polishes, steps = self.problem.chosen_polish != "none", self.problem.num_full_steps > 0
        if steps:
            self.budget.share_of_time = _STEPPING_PART if polishes else 1.0
            outcome = self._step_to_the_end(_before(on_look) if polishes else on_look, should_stop)
            self.palette = self._into_gamut(self.model.palette)
            self.indices = self._draw()
            self.budget.share_of_time = 1.0
        if self.walk is not None:
            self.budget.share_of_time = _STEPPING_PART if polishes else 1.0
            outcome = self._follow(
                self.walk, _before(on_look) if polishes else on_look, should_stop
            )
            self.budget.share_of_time = 1.0
        if outcome not in ("finished", "out-of-time") or not polishes:
            return outcome
        try:
            is_all = not steps and self.walk is None
            polished = self._polish(on_look if is_all else _after(on_look), should_stop)
        except KeyboardInterrupt:
            return "interrupted"
        return outcome if polished == "finished" else polished

    def _follow(
        self,
        walk: Search,
        on_look: Callable[[Look], None],
        should_stop: Callable[[], bool],
    ) -> Outcome:
        """Let a picture change part by part; it is the one so far whenever this ends."""
        try:
            with deadline(lambda: should_stop() or not self.budget.has_time):
                outcome = self._visit_to_the_end(walk, on_look, should_stop)
            if self.cells is None and outcome != "not-finite":
                self._look_at_the_end(walk, on_look)
        except KeyboardInterrupt:
            outcome = "interrupted"
        except DeadlineError:
            outcome = "interrupted" if should_stop() else "out-of-time"
        except ObjectiveError as error:
            if not self.values:
                raise
            self.failure, outcome = str(error), "cost-failed"
        self.indices = walk.indices
        return outcome

    def _visit_to_the_end(
        self,
        walk: Search,
        on_look: Callable[[Look], None],
        should_stop: Callable[[], bool],
    ) -> Outcome:
        budget, method = self.budget, self.problem.method
        for step, visit in enumerate(walk.visits()):
            if method is not None and not bool(visit.cost.isfinite()):
                return "not-finite"
            self.values.append(visit.cost)
            budget.num_steps += method is not None and not method.sweeps
            budget.evaluations_of_step = visit.num_evaluations
            # Looking counts one.
            budget.num_evaluations += visit.num_evaluations - 1
            budget.num_backward_passes += visit.num_backward_passes
            progress = min(1.0, max(visit.progress, budget.part_of_time))
            stage: Stage = "cells" if method is None else "method"
            self._look_at_picture(stage, visit.cost, on_look, step, progress)
            if should_stop():
                return "interrupted"
            if not (budget.has_time and budget.has_evaluations):
                return "out-of-time" if budget.has_evaluations else "out-of-evaluations"
        return "finished"

    def _look_at_the_end(self, walk: Search, on_look: Callable[[Look], None]) -> None:
        """Look at the picture that a method found, unless its cost takes too long or fails."""
        with suppress(DeadlineError, ObjectiveError), self._grace():
            image = self.palette[0].T[:, walk.indices]
            price = self.cost.cost(image[None, None])[0, 0]
            self.next_look_s = 0.0
            self._look_at_picture("method", price, on_look, len(self.values), 1.0)

    def _step_to_the_end(
        self, on_look: Callable[[Look], None], should_stop: Callable[[], bool]
    ) -> Outcome:
        outcome = self._run_to_its_end(on_look, should_stop)
        if outcome != "not-finite" and self.looks[1:] and self.looks[-1].cost > self.looks[0].cost:
            with suppress(DeadlineError, ObjectiveError), self._grace():
                self._return_to_better()
        return outcome

    def _draw(self) -> torch.Tensor:
        """Draw the picture from the model."""
        if self.problem.chosen_draw == "sample":
            return self.model.draw_indices(1, self.generator)[0, 0]
        return self.model.most_probable()[0]

    def _polish(self, on_look: Callable[[Look], None], should_stop: Callable[[], bool]) -> Outcome:
        problem, budget = self.problem, self.budget
        if self.indices is None:
            raise ValueError("There is no picture to polish.")
        swaps = problem.chosen_polish == "swaps"
        polisher = Polisher(
            self.cost,
            self.target,
            self.indices,
            self.palette,
            self.generator,
            swaps=swaps,
            showable=self.showable,
            allowed=None if self.cells is None else self.cells.allowed,
        )
        num_moves = problem.num_sweeps * NUM_CLASSES
        cooling = Cooling(problem.polish_temperature)
        self.indices = polisher.indices
        budget.evaluations_of_step = 1
        for number in range(num_moves):
            if should_stop():
                return "interrupted"
            if not (budget.has_time and budget.has_evaluations):
                return "out-of-time" if budget.has_evaluations else "out-of-evaluations"
            sweep, place = divmod(number, NUM_CLASSES)
            if place == 0:
                order = polisher.shuffle_classes()
                if self.learns_palette and _is_time_to_refit(sweep, problem.num_sweeps):
                    polisher.refit_palette(len(problem.locked))
                    self.palette = polisher.palette
            progress = min(1.0, max(number / num_moves, budget.part_of_time))
            value = polisher.move_class(order[place], cooling.temperature(progress))
            cooling.see(value, self.indices.numel())
            self.values.append(value)
            self._look_at_picture("polish", value, on_look, number, progress)
        self.next_look_s = 0.0
        self._look_at_picture("polish", polisher.price(), on_look, num_moves, 1.0)
        return "finished"

    def _look_at_picture(
        self,
        stage: Stage,
        value: torch.Tensor,
        on_look: Callable[[Look], None],
        step: int,
        progress: float,
    ) -> None:
        self.budget.num_evaluations += 1
        if self.budget.seconds < self.next_look_s:
            return
        self.next_look_s = self.budget.seconds + self.seconds_between_looks
        look = Look(
            step=step,
            seconds=self.budget.seconds,
            cost=float(value),
            entropy=0.0,
            progress=progress,
            num_evaluations=self.budget.num_evaluations,
            num_backward_passes=self.budget.num_backward_passes,
            stage=stage,
        )
        self.looks.append(look)
        on_look(look)

    def _run_to_its_end(
        self, on_look: Callable[[Look], None], should_stop: Callable[[], bool]
    ) -> Outcome:
        try:
            with deadline(lambda: should_stop() or not self.budget.has_time):
                outcome = self._take_steps(on_look, should_stop)
        except KeyboardInterrupt:
            outcome = "interrupted"
        except DeadlineError:
            return self._keep_if_good("interrupted" if should_stop() else "out-of-time")
        except ObjectiveError as error:
            return self._fail(error)
        return self._return_to_good() if outcome == "not-finite" else self._end(outcome, on_look)

    def _end(self, outcome: Outcome, on_look: Callable[[Look], None]) -> Outcome:
        """Look at the picture that was found, unless its cost takes longer than it used to."""
        if self.descent is not None:
            self.model = Categorical(self.descent.probs(1.0), self.model.palette)
        try:
            with self._grace():
                is_good = self._look(self._estimate(1.0), on_look, 1.0)
        except DeadlineError:
            return self._keep_if_good(outcome)
        except ObjectiveError as error:
            return self._fail(error)
        return outcome if is_good else self._return_to_good()

    def _grace(self) -> AbstractContextManager[None]:
        """Wait for a cost after the end, but not much longer than it used to take."""
        latest_s = self.budget.seconds + max(_LEAST_GRACE_S, 2 * self.estimate_s)
        return deadline(lambda: self.budget.seconds > latest_s)

    def _take_steps(
        self, on_look: Callable[[Look], None], should_stop: Callable[[], bool]
    ) -> Outcome:
        budget = self.budget
        while budget.has_steps:
            seconds, progress = budget.seconds, budget.progress
            if should_stop():
                return "interrupted"
            if not (budget.has_time and budget.has_evaluations):
                return "out-of-time" if budget.has_evaluations else "out-of-evaluations"
            estimate = self._estimate(progress)
            # The host waits for an accelerator only here, not at every step.
            if seconds >= self.next_look_s:
                look_s = budget.seconds
                if not self._look(estimate, on_look, progress):
                    return "not-finite"
                pause_s = _STEPPING_TO_LOOKING * (budget.seconds - look_s)
                self.next_look_s = budget.seconds + max(self.seconds_between_looks, pause_s)
            self.values.append(estimate.value.mean())
            self._move(estimate, progress)
            budget.num_steps += 1
        return "finished"

    def _estimate(self, progress: float) -> Estimate:
        start_s = self.budget.seconds
        estimate, self.baseline = self.estimator.estimate(
            self.model,
            self.cost,
            self.generator,
            self.baseline,
            self.annealing.relaxation(progress),
        )
        self.estimate_s = self.budget.seconds - start_s
        self.budget.charge(estimate)
        return estimate

    def _move(self, estimate: Estimate, progress: float) -> None:
        if self.descent is not None:
            probs = self.descent.step(estimate, progress)
            self.model = Categorical(probs, self.model.palette)
            return
        weight = self.annealing.entropy_weight(progress, estimate)
        probs = self.optimizer.step(self.pixels, estimate, weight, self.generator)
        palette = self.model.palette
        if estimate.grad_palette is not None:
            gradient = estimate.grad_palette.clone()
            gradient[:, : len(self.problem.locked)] = 0
            # The descent itself goes on between the colors that can be shown.
            palette = self._into_gamut(PaletteDescent().step(self.colors, gradient))
        elif self.refits_palette and self.budget.num_steps % _STEPS_BETWEEN_REFITS == 0:
            palette = self._fit_palette(probs, palette)
        self.model = Categorical(probs, palette, self.model.learns_palette)

    def learned_palette(self) -> Colors:
        """Return the palette; where only some colors can be shown, never one worse than rounded."""
        if self.showable is None or self.free_palette is None:
            return self.palette
        rounded = self._into_gamut(self.free_palette)
        return choose_palette(
            [self.palette, rounded], self.cost, self.target, self.generator, self.budget
        )

    def _into_gamut(self, palette: Colors) -> Colors:
        if self.showable is None:
            return palette
        return self.showable.snap(palette, len(self.problem.locked))

    def _fit_palette(self, probs: Probs, palette: Colors) -> Colors:
        """Take the best palette for the probabilities, and wake colors that nobody needs there."""
        num_fixed = len(self.problem.locked)
        equations = self.cost.palette_equations(probs)
        # At once, or from the start, colors would land where the pixels then keep them.
        first, last = _LANDING_PARTS
        part = min(1.0, max(0.0, (self.budget.progress - first) / (last - first)))
        fitted = fit_palette(equations, palette, num_fixed, self.showable, part)
        if not part:
            self.free_palette = fitted
        if self.budget.progress > _REVIVING_PART:
            return fitted
        opaque = self.target.opaque.flatten().to(probs)
        shares = probs[0].flatten(1) @ (opaque / opaque.sum())
        least = _IDLE_SHARE / len(shares)
        return revive_colors(
            fitted, shares, self.cost, self.target, least_share=least, num_fixed=num_fixed
        )

    def _look(self, estimate: Estimate, on_look: Callable[[Look], None], progress: float) -> bool:
        """Look at the run; keep a copy of the model if its cost and gradient are finite."""
        cost = self._expected_cost(estimate)
        if not bool(estimate.is_finite() & cost.isfinite()):
            return False
        self.good = self._position()
        if all(float(cost) < look.cost for look in self.looks):
            self.best = self.good
        look = Look(
            step=self.budget.num_steps,
            seconds=self.budget.seconds,
            cost=float(cost),
            entropy=float(self.model.entropy().mean()),
            progress=progress,
            num_evaluations=self.budget.num_evaluations,
            num_backward_passes=self.budget.num_backward_passes,
        )
        self.looks.append(look)
        on_look(look)
        return True

    def _expected_cost(self, estimate: Estimate) -> torch.Tensor:
        if self.num_look_samples is None:
            return estimate.value.mean()
        return self._price_draws(self.model, self.num_look_samples, self.look_generator)

    def _price_draws(
        self, model: Categorical, num_samples: int, generator: torch.Generator
    ) -> torch.Tensor:
        # One by one, as a step may fill the memory.
        costs = [
            self.cost.cost(model.images(model.draw_indices(1, generator)))
            for _ in range(num_samples)
        ]
        return torch.stack(costs).mean()

    def _fail(self, error: ObjectiveError) -> Outcome:
        """Keep the picture so far, if there is one."""
        if not self.values:
            raise error
        outcome = self._keep_if_good("cost-failed")
        self.failure = str(error) if outcome == "cost-failed" else None
        return outcome

    def _keep_if_good(self, outcome: Outcome) -> Outcome:
        """End with a model that nobody looked at, unless its last cost was NaN."""
        return outcome if bool(self.model.probs.isfinite().all()) else self._return_to_good()

    def _return_to_better(self) -> None:
        """Undo a walk that led uphill, as noisy gradients do on many pixels.

        Looks are as noisy as the estimator: the same fresh draws decide whether it did.
        """
        last, best = self.looks[-1], min(self.looks, key=lambda look: look.cost)
        end = self._position()
        ended = self._price_again(last)
        self._go_back_to(self.best)
        before = self._price_again(best)
        if ended <= before:
            self._go_back_to(end)
            return
        self.looks.append(replace(last, cost=before, entropy=best.entropy))
        self.notes.append(
            f"The expected cost rose to {ended:.4g}: `{self.estimator}` is too noisy here"
            f"{', or the learning rate too high' if self.descent else ''}. The "
            f"picture is the best one seen, of step {best.step}, at {before:.4g}. Try more "
            "samples, a smaller picture, or an estimator that needs more of the objective."
        )

    def _price_again(self, look: Look) -> float:
        if "value" not in self.cost.abilities:
            return look.cost
        generator = seeded_generator(self.problem.seed + 1, self.problem.chosen_device)
        return float(self._price_draws(self.model, _NUM_DECIDING_DRAWS, generator))

    def _return_to_good(self) -> Outcome:
        self._go_back_to(self.good)
        return "not-finite"

    def _position(self) -> _Position:
        parameters = {} if self.descent is None else self.descent.model.parameters
        kept = {name: parameter.clone() for name, parameter in parameters.items()}
        return _Position(self.model.clone(), kept)

    def _go_back_to(self, position: _Position) -> None:
        self.model = position.model
        if self.descent is not None:
            self.descent.model.parameters = position.parameters
            # The way there may have been softer than the end.
            self.model = Categorical(self.descent.probs(1.0), self.model.palette)

    def solution(self, outcome: Outcome, before: "_Run | None") -> Solution:
        """Show the picture in 8-bit colors; `before` is the run that learned the palette."""
        problem = self.problem
        if self.indices is None:
            self.indices = torch.zeros(problem.picture.opaque.shape, dtype=torch.int64)
        palette, places = self._final_palette()
        runs = [run for run in (before, self) if run is not None]
        values = [value for run in runs for value in run.values]
        return Solution(
            problem=problem,
            indices=places[self.indices.cpu().numpy()],
            palette=palette,
            outcome=outcome,
            history=History(
                costs=tuple(torch.stack(values).tolist()) if values else (),
                looks=tuple(look for run in runs for look in run.looks),
                num_steps=sum(run.budget.num_steps for run in runs),
                num_evaluations=self.budget.num_evaluations,
                num_backward_passes=self.budget.num_backward_passes,
                temperature=runs[0].annealing.temperature,
            ),
            seconds=self.budget.seconds,
            notes=tuple(note for run in runs for note in run.notes),
            failure=self.failure,
            parameters={} if self.descent is None else self.descent.model.told(),
        )

    def _final_palette(self) -> tuple[Palette, npt.NDArray[np.uint8]]:
        """Round the palette; colors that become equal share one place, known ones are a panel's."""
        if isinstance(self.problem.palette, Palette):
            return self.problem.palette, np.arange(len(self.problem.palette), dtype=np.uint8)
        levels = (self.palette[0].expand(-1, 3) * 255).round().long().tolist()
        colors = [(red, green, blue) for red, green, blue in levels]
        palette = written_for(self.problem.panels, Palette(tuple(colors)))
        return palette, np.array([palette.seen.index(color) for color in colors], dtype=np.uint8)


def _is_time_to_refit(sweep: int, num_sweeps: int) -> bool:
    """After 1, 3, 7, 15, ... sweeps, and not at the end, which is for the palette that stays."""
    return sweep & (sweep + 1) == 0 and 0 < sweep < 0.6 * num_sweeps
