"""The stage `learn-model`: learn the few parameters of noise or of a threshold mask."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import torch

from ditherlab.errors import AbilityError
from ditherlab.models import Model, Ordered, Rounding
from ditherlab.problem import Problem
from ditherlab.protocol import Ability, Estimate, Estimator, Target
from ditherlab.schedules import Temperatures
from ditherlab.stages.annealing import Annealing
from ditherlab.stages.descent import Descent, Mover, descent_memory, descent_work
from ditherlab.stages.keep_best import keep_best
from ditherlab.stages.model_descent import ModelDescent
from ditherlab.stages.pictures import copy_generators, keep_generator
from ditherlab.stages.stage import (
    Progress,
    Stage,
    StageContext,
    StageMemory,
    check_at_least,
    num_pixels,
)
from ditherlab.stages.state import State
from ditherlab.stages.strategies import check_estimator, default_estimator


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
        check_at_least("learn-model(steps=...)", self.steps, 1)

    def run(self, context: StageContext, state: State) -> Iterator[Progress]:
        problem = context.problem
        estimator = self.estimator or default_estimator(problem.objective)
        bound = context.bind(state.palette)
        mover = ModelMover(bound.target, self.model, state)
        annealing = Annealing.of(
            estimator, problem.objective, self.temperature, len(problem.pictures), probes=False
        )
        steps = Descent(bound.cost, estimator, annealing, self.steps).run(context, state, mover)
        advice = f"`{estimator}` is too noisy here, or the learning rate too high"
        yield from keep_best(steps, context, state, bound.cost, advice)

    def needs(self, problem: Problem) -> frozenset[Ability]:
        return (self.estimator or default_estimator(problem.objective)).needs

    def check(self, problem: Problem) -> None:
        check_estimator(problem, self.estimator or default_estimator(problem.objective))
        if problem.objective.draws_its_dither:
            raise AbilityError(
                f"`{self.model}` needs an objective that is the expected cost of a drawn picture, "
                f"and `{problem.objective}` is none. Use `perceptual` or `viewed-error`."
            )

    def resolved(self, problem: Problem) -> "LearnModel":
        return replace(self, estimator=self.estimator or default_estimator(problem.objective))

    def memory(self, problem: Problem) -> StageMemory:
        estimator = self.estimator or default_estimator(problem.objective)
        return descent_memory(problem, estimator, self.model.num_planes_per_color)

    def work(self, problem: Problem) -> float:
        estimator = self.estimator or default_estimator(problem.objective)
        return 2 * descent_work(problem, estimator, num_pixels(problem), self.steps)


class ModelMover(Mover):
    """Moves the parameters of one model for each picture."""

    def __init__(self, target: Target, model: Model, state: State) -> None:
        self.state = state
        generators = copy_generators(state.generator, len(target.images))
        pairs = zip(target.images.split(1), target.opaque.split(1), generators, strict=True)
        self.descents = [
            ModelDescent(
                model.bind(Rounding.of(Target(images, opaque), state.palette), generator),
                model.learning_rate,
            )
            for images, opaque, generator in pairs
        ]
        keep_generator(state.generator, generators[0])
        self._show([descent.probs(0.0) for descent in self.descents])

    def step(self, estimate: Estimate, weights: Sequence[float], share: float) -> None:
        del weights
        parts = estimate.split()
        pairs = zip(self.descents, parts, strict=True)
        self._show([descent.step(part, share) for descent, part in pairs])

    def finish(self) -> None:
        self._show([descent.probs(1.0) for descent in self.descents])

    def _show(self, probs: Sequence[torch.Tensor]) -> None:
        self.state.show_probs(torch.cat(list(probs)))
        reported = [descent.model.reported() for descent in self.descents]
        self.state.parameters = {
            name: torch.stack([each[name] for each in reported]) for name in reported[0]
        }
