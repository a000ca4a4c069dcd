"""The plan of a run: its stages with their parts of the time and of the progress bar."""

from collections.abc import Sequence
from dataclasses import dataclass

from ditherlab.problem import Limits, Problem
from ditherlab.recipe import Recipe
from ditherlab.stages import Stage


@dataclass(frozen=True)
class PlannedStage:
    """A stage and its place in the run.

    Attributes:
        stage: With all parameters set.
        part: Part of the remaining time and evaluations that it may use.
        begin: Share of the run that is done when it begins, from 0 to 1.
        end: Share of the run that is done when it ends.
    """

    stage: Stage
    part: float
    begin: float
    end: float

    def progress(self, share: float) -> float:
        """Return the share of the run that is done when a share of the stage is."""
        return self.begin + (self.end - self.begin) * share


def plan_stages(problem: Problem, recipe: Recipe, limits: Limits) -> tuple[PlannedStage, ...]:
    """Divide time and progress among the stages of a recipe.

    Under a limit of time or evaluations, progress follows the parts of it that the stages get; else
    it follows their expected CPU time.
    """
    stages = recipe.stages
    parts = [_part(stages, number) for number in range(len(stages))]
    if limits.seconds is None and limits.evaluations is None:
        works = [stage.work(problem) for stage in stages]
    else:
        works = _shares_of_limit(parts)
    total = sum(works) or 1.0
    ends = [sum(works[: number + 1]) / total for number in range(len(stages))]
    begins = [0.0, *ends[:-1]]
    return tuple(
        PlannedStage(*planned) for planned in zip(stages, parts, begins, ends, strict=True)
    )


def _part(stages: Sequence[Stage], number: int) -> float:
    others_follow = any(stage.part_of_time for stage in stages[number + 1 :])
    part = stages[number].part_of_time
    return part if others_follow or not part else 1.0


def _shares_of_limit(parts: Sequence[float]) -> list[float]:
    shares, left = [], 1.0
    for part in parts:
        shares.append(part * left)
        left -= part * left
    return shares
