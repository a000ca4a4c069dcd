"""The table of combinations that are impossible, one sentence each.

The command line and Python read the same table. This module does not import torch, so that the
command line can refuse options before it loads anything.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ditherlab.errors import RequestError

if TYPE_CHECKING:
    from ditherlab.problem import Problem
    from ditherlab.stages import Stage

Given = Mapping[str, object]
"""Settings that were given, by name: of `default_recipe`, or of the command line's options."""

# The shorthands that edit the default recipe.
SHORTHANDS = (
    "preset",
    "model",
    "noise",
    "method",
    "estimator",
    "optimizer",
    "samples",
    "steps",
    "start",
    "polish",
    "sweeps",
    "learning_rate",
    "temperature",
    "draw",
)


def _never(_given: Given) -> bool:
    return False


def _learns_palette(given: Given) -> bool:
    return "palette" not in given and "cells" not in given


def _counts_steps(given: Given) -> bool:
    # A method of the user's own says itself what it counts.
    return not str(given["method"]).startswith("gibbs-with-gradients") or _learns_palette(given)


def _counts_sweeps(given: Given) -> bool:
    return not str(given["method"]).startswith("cross-entropy") or "polish" in given


def _adds_noise(given: Given) -> bool:
    return str(given.get("model", "")).startswith("noise")


@dataclass(frozen=True)
class Exclusion:
    """A setting beside which others are impossible.

    Attributes:
        setting: Its name.
        others: Names of the settings that cannot stand beside it.
        sentence: The reason and the way out, with `{setting}` and `{other}`.
        unless: Cases in which they can.
    """

    setting: str
    others: tuple[str, ...]
    sentence: str
    unless: Callable[[Given], bool] = _never


@dataclass(frozen=True)
class Companion:
    """A setting that needs another one.

    Attributes:
        setting: Its name.
        is_there: Whether what it needs is given.
        sentence: The reason and the way out, with `{setting}`.
    """

    setting: str
    is_there: Callable[[Given], bool]
    sentence: str


EXCLUSIONS = (
    Exclusion(
        "cells",
        ("transparent_index",),
        "{setting} needs all colors of the machine, and {other} takes one away: leave one out.",
    ),
    Exclusion(
        "cells",
        ("palette", "colors", "lock", "measured", "gamut"),
        "{setting} fixes the colors to those of the machine, and {other} asks for others: give one "
        "of the two.",
    ),
    Exclusion(
        "cells",
        (
            "steps",
            "temperature",
            "estimator",
            "optimizer",
            "samples",
            "learning_rate",
            "start",
            "model",
            "method",
            "draw",
        ),
        "{other} has no effect with {setting}, which chooses colors cell by cell: leave it out, or "
        "give a palette instead of the machine.",
    ),
    Exclusion(
        "palette",
        ("colors", "lock", "gamut"),
        "{setting} fixes all colors, and {other} is about colors to learn: give one of the two.",
    ),
    Exclusion(
        "model",
        ("optimizer",),
        "{setting} learns a few parameters and not the logits that {other} moves: give one of the "
        "two.",
    ),
    Exclusion(
        "model",
        ("method", "start", "polish", "sweeps"),
        "{other} has no effect with {setting}, which learns the parameters of the model and no "
        "pixel by itself: leave one of the two out.",
    ),
    Exclusion(
        "method",
        ("temperature", "draw"),
        "{other} has no effect with {setting}, which follows no gradient: leave one of the two "
        "out.",
    ),
    Exclusion(
        "method",
        ("estimator", "optimizer", "samples", "learning_rate"),
        "{other} has no effect with {setting} and a fixed palette, as no gradient is followed: "
        "leave it out.",
        unless=_learns_palette,
    ),
    Exclusion(
        "method",
        ("steps",),
        "{other} has no effect with {setting} and a fixed palette: use sweeps instead.",
        unless=_counts_steps,
    ),
    Exclusion(
        "method",
        ("sweeps",),
        "{other} has no effect with {setting} without a polish: use steps instead.",
        unless=_counts_sweeps,
    ),
    Exclusion(
        "pixels_per_degree",
        ("viewing_distance", "dpi"),
        "{setting} and {other} both say where the viewer is: give one of the two.",
    ),
    Exclusion(
        "recipe",
        SHORTHANDS,
        "{other} edits the default recipe, and {setting} states another one: write it in the "
        "recipe.",
    ),
)

COMPANIONS = (
    Companion(
        "measured",
        lambda given: "palette" in given,
        "{setting} says what a fixed palette looks like: give the palette too.",
    ),
    Companion(
        "noise",
        _adds_noise,
        "{setting} is the shape of the noise of the model `noise`: give both.",
    ),
    Companion(
        "viewing_distance",
        lambda given: "dpi" in given,
        "`--viewing-distance` and `--dpi` need each other: `--viewing-distance 70cm --dpi 139`.",
    ),
    Companion(
        "dpi",
        lambda given: "viewing_distance" in given,
        "`--viewing-distance` and `--dpi` need each other: `--viewing-distance 70cm --dpi 139`.",
    ),
)


def check_settings(given: Given, spell: Callable[[str], str] = lambda name: f"`{name}`") -> None:
    """Refuse settings that exclude one another.

    Args:
        given: All settings that were given, by name.
        spell: Writes the name of a setting for the message.

    Raises:
        RequestError: With the sentence of the table.

    Example:
        >>> check_settings({"palette": "pico-8", "colors": 8})
        Traceback (most recent call last):
        ...
        ditherlab.errors.RequestError: `palette` fixes all colors, and `colors` is about colors to \
learn: give one of the two.
    """
    for rule in EXCLUSIONS:
        for other in rule.others:
            if rule.setting in given and other in given and not rule.unless(given):
                raise RequestError(
                    rule.sentence.format(setting=spell(rule.setting), other=spell(other))
                )
    for companion in COMPANIONS:
        if companion.setting in given and not companion.is_there(given):
            raise RequestError(companion.sentence.format(setting=spell(companion.setting)))


@dataclass(frozen=True)
class StageRule:
    """A stage that is impossible in some problems, or after some stages.

    Attributes:
        is_broken: Tells from the problem, the stage and the stages before it.
        sentence: The reason and the way out, with `{stage}`.
    """

    is_broken: "Callable[[Problem, Stage, Sequence[Stage]], bool]"
    sentence: str


def _has_picture(before: "Sequence[Stage]") -> bool:
    return any(stage.makes_picture for stage in before)


STAGE_RULES = (
    StageRule(
        lambda problem, stage, _: stage.name == "learn-palette" and not problem.learns_palette,
        "`{stage}` needs a palette to learn, got a fixed one. Leave it out, or give a number of "
        "colors.",
    ),
    StageRule(
        lambda problem, stage, _: stage.name == "cells" and problem.cells is None,
        "`{stage}` needs a machine whose cells have few colors. Give one, such as `zx-spectrum`.",
    ),
    StageRule(
        lambda problem, stage, before: (
            problem.cells is not None and not before and stage.name != "cells"
        ),
        "A recipe for the cells of a machine must begin with `cells`, got `{stage}`. Use `cells | "
        "polish`.",
    ),
    StageRule(
        lambda problem, stage, _: problem.cells is not None and not stage.obeys_cells,
        "`{stage}` does not obey the cells of a machine. Use `cells | polish`.",
    ),
    StageRule(
        lambda _problem, stage, before: stage.needs_picture and not _has_picture(before),
        "`{stage}` needs a picture to start from. Put `nearest` or `error-diffusion` before it.",
    ),
)


def check_stages(problem: "Problem", stages: "Sequence[Stage]") -> None:
    """Refuse stages that cannot work on a problem.

    Raises:
        RequestError: With the sentence of the table.
        AbilityError: If the objective lacks an ability that a stage needs.
    """
    from ditherlab.problem import quadratic_error
    from ditherlab.protocol import require

    for number, stage in enumerate(stages):
        for rule in STAGE_RULES:
            if rule.is_broken(problem, stage, stages[:number]):
                raise RequestError(rule.sentence.format(stage=stage.name))
        stage.check(problem)
        needs = stage.needs(problem)
        if "quadratic" in needs and not problem.is_quadratic:
            raise quadratic_error(stage.name, problem.objective)
        require(
            problem.objective.abilities,
            needs,
            who=stage.name,
            whom=str(problem.objective),
            instead=stage.instead(problem),
        )
    if not _has_picture(stages):
        raise RequestError(
            "A recipe must have a stage that makes a picture, got none. Add `error-diffusion` or "
            "`nearest`."
        )
