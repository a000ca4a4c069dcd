"""A recipe: stages in order, which can be printed, parsed, and compared."""

from collections.abc import Sequence
from dataclasses import dataclass

from ditherlab.arguments import split_outside
from ditherlab.errors import RequestError
from ditherlab.problem import Problem
from ditherlab.recipe.rules import check_stages
from ditherlab.stages import Stage, parse_stage

_SEPARATOR = " | "


@dataclass(frozen=True)
class Recipe:
    """The stages that lead from a problem to a picture, in order.

    Attributes:
        stages: At least one.

    Raises:
        RequestError: If there is no stage.

    Example:
        >>> recipe = Recipe.parse("error-diffusion | polish(sweeps=3)")
        >>> str(recipe)
        'error-diffusion | polish(sweeps=3, moves=swaps, temperature=0)'
        >>> Recipe.parse(str(recipe)) == recipe
        True
    """

    stages: tuple[Stage, ...]

    def __post_init__(self) -> None:
        if not self.stages:
            raise RequestError("A recipe must have at least one stage, got none.")

    @classmethod
    def parse(cls, words: str) -> "Recipe":
        """Read stages with `|` between them.

        Raises:
            RequestError: For an unknown stage or parameter, or a value of the wrong kind.
        """
        parts = [part.strip() for part in split_outside(words, "|")]
        if not all(parts):
            raise RequestError(
                f"A recipe must be stages with `|` between them, got '{words}'. Try "
                "'error-diffusion | polish'."
            )
        return cls(tuple(parse_stage(part) for part in parts))

    def resolved(self, problem: Problem) -> "Recipe":
        """Return the recipe with every parameter that was left open set for a problem.

        Raises:
            RequestError: If the recipe is impossible for the problem.
            AbilityError: If the objective lacks an ability that a stage needs.
        """
        stages = tuple(stage.resolved(problem) for stage in self.stages)
        check_stages(problem, stages)
        return Recipe(stages)

    @property
    def public_words(self) -> str:
        """The words for a file that others see: they name no folder of this machine."""
        return _SEPARATOR.join(stage.public_words for stage in self.stages)

    def __str__(self) -> str:
        return _SEPARATOR.join(str(stage) for stage in self.stages)


def as_recipe(value: "str | Recipe | Stage | Sequence[str | Stage]") -> Recipe:
    """Return the recipe that words, a stage or several stages stand for.

    Raises:
        RequestError: For words that are not understood, or a value of another kind.

    Example:
        >>> from ditherlab.stages import Nearest
        >>> str(as_recipe([Nearest(), "draw(by=mode)"]))
        'nearest | draw(by=mode)'
    """
    if isinstance(value, Recipe):
        return value
    if isinstance(value, str):
        return Recipe.parse(value)
    values = [value] if isinstance(value, Stage) else value
    if not isinstance(values, list | tuple) or not all(isinstance(v, str | Stage) for v in values):
        raise RequestError(
            f"The recipe must be words, a `Recipe`, or a list of stages, got {value!r}. Try "
            "'error-diffusion | polish'."
        )
    parsed = ([v] if isinstance(v, Stage) else Recipe.parse(v).stages for v in values)
    return Recipe(tuple(stage for stages in parsed for stage in stages))
