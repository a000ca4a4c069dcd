"""The stage `learn-model`: learn the few parameters of noise or of a threshold mask."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import ClassVar

from ditherlab.errors import AbilityError, RequestError
from ditherlab.models import Model, Ordered, Rounding
from ditherlab.problem import Problem
from ditherlab.protocol import Ability, Estimate, Estimator, Target
from ditherlab.schedules import Temperatures
from ditherlab.stages.annealing import Annealing
from ditherlab.stages.descent import Descent, Mover, descent_memory, descent_work
from ditherlab.stages.keep_best import keep_best
from ditherlab.stages.model_descent import ModelCourse, ModelDescent
from ditherlab.stages.pictures import copy_generators
from ditherlab.stages.stage import (
    REPEATED,
    Progress,
    Stage,
    StageContext,
    StageMemory,
    check_count,
    check_temperatures,
)
from ditherlab.stages.state import State
from ditherlab.stages.strategies import check_estimator, default_estimator
from ditherlab.types import Probs


@dataclass(frozen=True)
class LearnModel(Stage):
    """Optimize the parameters of a model, from which the probabilities of all pixels follow.

    Ends with probabilities. If the cost rose, the best state is restored.

    Attributes:
        model: Noise before rounding, or a mask of thresholds.
        estimator: Of the gradient; None takes what suits the objective.
        temperature: First and last temperature of a relaxation.
        steps: Number of steps.
    """

    makes_picture: ClassVar[bool] = True

    part_of_time: ClassVar[float] = 0.6
    counts_steps: ClassVar[bool] = True

    model: Model = field(default_factory=Ordered)
    estimator: Estimator | None = None
    temperature: Temperatures | None = None
    steps: int = 150

    def __post_init__(self) -> None:
        check_count("learn-model(steps=...)", self.steps)
        check_temperatures("learn-model(temperature=...)", self.temperature)

    def run(self, context: StageContext, state: State) -> Iterator[Progress]:
        problem = context.problem
        estimator = self._estimator(problem)
        bound = context.bind(state.palette)
        moved = context.cursor.resume("mover")
        mover = ModelMover(bound.target, self.model, state, moved)
        context.cursor.keep("mover", lambda: mover.descent.course)
        if moved is None:
            yield Progress(0.0)
        elif not context.cursor.has("descent"):
            yield REPEATED
        annealing = Annealing.of(estimator, problem.objective, self.temperature, probes=False)
        steps = Descent(bound.cost, estimator, annealing, self.steps).run(context, state, mover)
        advice = f"`{estimator}` is too noisy here, or the learning rate too high"
        yield from keep_best(steps, context, state, bound.cost, advice)

    def needs(self, problem: Problem) -> frozenset[Ability]:
        return (self._estimator(problem)).needs

    def check(self, problem: Problem) -> None:
        estimator = self._estimator(problem)
        check_estimator(problem, estimator)
        if self.temperature is not None and not estimator.is_relaxation:
            raise RequestError(
                f"`temperature` has no effect with `{self.model}` and `{estimator}`, which is no "
                "relaxation: leave it out."
            )
        if problem.objective.draws_its_dither:
            raise AbilityError(
                f"`{self.model}` needs an objective that is the expected cost of a drawn picture, "
                f"and `{problem.objective}` is none. Use `perceptual` or `viewed-error`."
            )

    def resolved(self, problem: Problem) -> "LearnModel":
        return replace(self, estimator=self._estimator(problem))

    def memory(self, problem: Problem) -> StageMemory:
        return descent_memory(problem, self._estimator(problem), self.model.num_planes_per_color)

    def work(self, problem: Problem) -> float:
        return 2 * descent_work(problem, self._estimator(problem), problem.num_pixels, self.steps)

    def _estimator(self, problem: Problem) -> Estimator:
        return self.estimator or default_estimator(problem.objective)


class ModelMover(Mover):
    """Moves the parameters of the model of one picture.

    Args:
        target: The picture.
        model: Whose parameters move.
        state: Gets the probabilities.
        moved: The course of an interrupted descent that goes on; None for a new one.
    """

    def __init__(
        self, target: Target, model: Model, state: State, moved: ModelCourse | None = None
    ) -> None:
        self.state = state
        rounding = Rounding.of(target, state.palette)
        # The first parameters of a descent that goes on are replaced.
        generator = copy_generators(state.generator, 2)[0] if moved else state.generator
        bound = model.bind(rounding, generator)
        self.descent = ModelDescent(bound, model.learning_rate, moved)
        if moved is None:
            self._show(self.descent.probs(0.0))

    def step(self, estimate: Estimate, temperature: float, share: float) -> None:
        del temperature
        self._show(self.descent.step(estimate, share))

    def finish(self) -> None:
        self._show(self.descent.probs(1.0))

    def _show(self, probs: Probs) -> None:
        self.state.show_probs(probs)
        reported = self.descent.model.reported()
        self.state.parameters = {name: value.unsqueeze(0) for name, value in reported.items()}
