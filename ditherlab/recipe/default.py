"""The recipe that a problem gets by default, and the shorthands that edit it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from ditherlab import stages
from ditherlab.choices import Draw as DrawMode
from ditherlab.choices import Polish as PolishMoves
from ditherlab.choices import PresetName, Start
from ditherlab.errors import RequestError
from ditherlab.models import Model
from ditherlab.problem import Problem
from ditherlab.protocol import Estimator, Optimizer
from ditherlab.recipe.presets import PRESETS, Preset
from ditherlab.recipe.recipe import Recipe
from ditherlab.recipe.rules import check_settings
from ditherlab.schedules import Temperatures
from ditherlab.specs import check_choice, choices_of
from ditherlab.stages import Stage


@dataclass(frozen=True, kw_only=True)
class Shorthands:
    """Edits of the default recipe; None leaves what the problem gets by default.

    Attributes:
        preset: Bundle of settings between speed and quality.
        start: Stage that makes the first picture.
        polish: Moves of the polish, or `none`.
        steps: Number of steps; a fixed palette takes steps only if these settings ask for them.
        sweeps: Sweeps of the polish, or of a method.
        estimator: Of the gradient.
        optimizer: Of the probabilities.
        temperature: First and last temperature of the annealing.
        model: Noise or a mask to learn instead of the color of every pixel.
        method: A search instead of steps: `GibbsWithGradients` or `CrossEntropy`.
        draw: `mode` or `sample`.
    """

    preset: PresetName = "balanced"
    start: Start | None = None
    polish: PolishMoves | None = None
    steps: int | None = None
    sweeps: int | None = None
    estimator: Estimator | None = None
    optimizer: Optimizer | None = None
    temperature: Temperatures | None = None
    model: Model | None = None
    method: Stage | None = None
    draw: DrawMode | None = None

    def __post_init__(self) -> None:
        for name, choices in choices_of(type(self)).items():
            check_choice(name, getattr(self, name), choices)
        if self.steps is not None and self.steps < 1:
            raise RequestError(f"The number of steps must be at least 1, got {self.steps}.")
        if self.sweeps is not None and self.sweeps < 0:
            raise RequestError(f"The number of sweeps must be at least 0, got {self.sweeps}.")

    @property
    def given(self) -> dict[str, object]:
        """The settings that were given, by name; no polish is as if it was not."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        del values["preset"]
        if self.polish == "none":
            values["polish"] = None
        return {name: value for name, value in values.items() if value is not None}

    @property
    def asks_for_steps(self) -> bool:
        """Return whether a fixed palette takes steps too."""
        settings = (self.steps, self.temperature, self.estimator, self.optimizer)
        return any(setting is not None for setting in settings)


def default_recipe(problem: Problem, shorthands: Shorthands | None = None) -> Recipe:
    """Return the recipe of a problem: by default, with the preset `balanced`.

    A palette is learned on a copy; quadratic objectives continue with error diffusion and a polish,
    all others descend from the nearest colors.

    Args:
        problem: Decides which stages suit.
        shorthands: Edits of the default.

    Raises:
        RequestError: If settings exclude one another, or are out of range.
        AbilityError: If a stage cannot work with the objective.

    Example:
        >>> from ditherlab import Palette, Picture
        >>> import numpy as np
        >>> gray = np.full((8, 8, 3), 188, dtype=np.uint8)
        >>> picture = Picture(pixels=gray, opaque=np.ones((8, 8), dtype=bool))
        >>> problem = Problem(picture=picture, palette=Palette.from_hex(["000", "fff"]))
        >>> str(default_recipe(problem, Shorthands(sweeps=6)))
        'error-diffusion | polish(sweeps=6, moves=swaps, temperature=0)'
    """
    asked = shorthands or Shorthands()
    fixed = {"palette": problem.palette} if problem.learned is None else {}
    cells = {"cells": problem.cells} if problem.cells else {}
    check_settings({**({} if cells else fixed), **cells, **asked.given})
    chosen = tuple(_stages(problem, asked, PRESETS[asked.preset]))
    return Recipe(chosen).resolved(problem)


def _stages(problem: Problem, asked: Shorthands, preset: Preset) -> Iterator[Stage]:
    steps = preset.num_steps if asked.steps is None else asked.steps
    sweeps = preset.num_sweeps if asked.sweeps is None else asked.sweeps
    start = _start(problem, asked)
    is_searched = asked.model is not None or asked.method is not None
    if problem.learns_palette and (is_searched or start == "error-diffusion"):
        yield stages.LearnPalette(
            asked.estimator,
            asked.optimizer,
            asked.temperature,
            steps,
            preset.palette_px,
            preset.num_palette_starts,
        )
    if problem.cells is not None:
        yield stages.Cells()
    elif asked.model is not None:
        yield stages.LearnModel(asked.model, asked.estimator, asked.temperature, steps)
        yield stages.Draw(asked.draw or asked.model.draw)
    else:
        yield stages.Nearest() if start == "nearest" else stages.ErrorDiffusion()
        if asked.method is not None:
            counted = {
                "steps": problem.learns_palette,
                "sweeps": asked.polish not in (None, "none"),
            }
            _check_rounds(asked.method, asked, counted)
            yield _with_rounds(asked.method, asked, {"steps": steps, "sweeps": sweeps})
        elif start == "nearest" or (asked.asks_for_steps and not problem.learns_palette):
            yield stages.Descend(asked.estimator, asked.optimizer, asked.temperature, steps)
            yield stages.Draw(asked.draw)
        elif asked.draw is not None:
            yield stages.Draw(asked.draw)
    moves = asked.polish
    if moves is None:
        moves = "swaps" if problem.is_quadratic and not is_searched else "none"
    if moves != "none":
        yield stages.Polish(sweeps, moves, preset.polish_temperature)


def _start(problem: Problem, asked: Shorthands) -> Start:
    if asked.start is not None:
        return asked.start
    is_free = problem.learns_palette or asked.method is not None or not asked.asks_for_steps
    return "error-diffusion" if is_free and problem.is_quadratic else "nearest"


def _check_rounds(method: Stage, asked: Shorthands, counted: Mapping[str, bool]) -> None:
    """Refuse steps or sweeps that neither the method nor another stage counts."""
    for name, is_counted in counted.items():
        is_given = getattr(asked, name) is not None
        if is_given and not (is_counted or hasattr(method, name)):
            raise RequestError(
                f"`{name}` has no effect with `{method.name}`, which has no `{name}`: leave it out."
            )


def _with_rounds(method: Stage, asked: Shorthands, rounds: Mapping[str, int]) -> Stage:
    """Set how long a method works, unless its own parameter says so."""
    changes = {
        field.name: rounds[field.name]
        for field in fields(method)  # type: ignore[arg-type]
        if field.name in rounds
        and (getattr(asked, field.name) is not None or getattr(method, field.name) == field.default)
    }
    changed: Any = method
    stage: Stage = replace(changed, **changes)
    return stage
