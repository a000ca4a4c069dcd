"""The settings of a run in words and numbers, as reports and PNG files hold them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch

from ditherlab import stages
from ditherlab.palette import named_palettes, spell_colors, spell_entries, spell_palette
from ditherlab.problem import Limits, Problem
from ditherlab.recipe.recipe import Recipe
from ditherlab.specs import describe
from ditherlab.stages import METHODS, Stage

Settings = Mapping[str, object]


def settings_of(
    problem: Problem,
    recipe: Recipe,
    *,
    limits: Limits | None = None,
    seed: int = 0,
    device: torch.device | str = "cpu",
) -> Settings:
    """Return everything that decides the picture: no path, date or duration.

    Args:
        problem: What is asked for.
        recipe: With all parameters set.
        limits: Only the evaluations count; time does not give the same picture twice.
        seed: Of everything random.
        device: Where the fit of the colors is found.
    """
    evaluations = None if limits is None else limits.evaluations
    return {
        **_palette_settings(problem),
        **({"cells": problem.cells.name} if problem.cells else {}),
        **_search_settings(recipe),
        "fit": problem.chosen_fit(device),
        "objective": str(problem.objective),
        **_descent_settings(problem, recipe),
        **_polish_settings(recipe),
        "strength": problem.strength,
        **({} if evaluations is None else {"max_evaluations": evaluations}),
        **_draw_settings(problem, recipe),
        "seed": seed,
        "recipe": str(recipe),
    }


def _palette_settings(problem: Problem) -> Settings:
    learned = problem.learned
    if learned is None:
        palette = problem.fixed_palette
        seen = palette.shown
        named = named_palettes().get(palette.name)
        # The codes of its driver are those of the panel, whatever its colors look like.
        own = replace(palette, shown=None if named is None else named.shown)
        is_panel = palette.is_panel and named == own
        return {
            "palette": spell_entries(palette),
            **({"palette_shown": spell_colors(seen)} if seen else {}),
            **({"panel": palette.name} if is_panel else {}),
            **_transparent(palette.transparent),
        }
    return {
        "palette": learned.num_colors,
        **({"locked": spell_colors(learned.locked)} if learned.locked else {}),
        **({"panel": spell_palette(learned.panel)} if learned.panel else {}),
        **({"gamut": learned.gamut.words} if learned.gamut else {}),
        **_transparent(learned.transparent_index),
    }


def _transparent(place: int | None) -> Settings:
    return {} if place is None else {"transparent_index": place}


def _search_settings(recipe: Recipe) -> Settings:
    model, method = _first(recipe, "learn-model"), _method(recipe)
    return {
        **({"model": str(model.model)} if model else {}),
        **({"method": _words_without_rounds(method)} if method else {}),
    }


def _descent_settings(problem: Problem, recipe: Recipe) -> Settings:
    model, method = _first(recipe, "learn-model"), _method(recipe)
    found = _first(recipe, "learn-palette") or model or _first(recipe, "descend")
    descent = found or stages.Descend().resolved(problem)
    counted = [stage for stage in recipe.stages if stage.counts_steps]
    gradient = {
        "estimator": str(descent.estimator),
        **({} if model else {"optimizer": str(getattr(descent, "optimizer", None))}),
        "temperature": None if descent.temperature is None else list(descent.temperature),
    }
    names = [stage.name for stage in recipe.stages]
    start = "nearest" if "nearest" in names else "error-diffusion"
    return {
        **(gradient if found or not method else {}),
        "steps": getattr(counted[-1], "steps", 0) if counted else 0,
        **({} if model else {"start": start}),
    }


def _polish_settings(recipe: Recipe) -> Settings:
    polish, method = _first(recipe, "polish"), _method(recipe)
    sweeps = polish.sweeps if polish else getattr(method, "sweeps", 0)
    return {
        "polish": polish.moves if polish else "none",
        "sweeps": sweeps,
        "polish_temperature": polish.temperature if polish else 0.0,
    }


def _draw_settings(problem: Problem, recipe: Recipe) -> Settings:
    if _method(recipe):
        return {}
    return {"draw": (_first(recipe, "draw") or stages.Draw()).resolved(problem).by}


def _method(recipe: Recipe) -> Stage | None:
    found = [stage for stage in recipe.stages if stage.name in METHODS.classes]
    return found[0] if found else None


def _words_without_rounds(method: Stage) -> str:
    """Write a method without how long it works, which `steps` or `sweeps` say."""
    default = METHODS.classes[method.name]()
    rounds = {
        name: getattr(default, name) for name in ("steps", "sweeps") if hasattr(default, name)
    }
    return describe(replace(method, **rounds))  # type: ignore[type-var]


def _first(recipe: Recipe, name: str) -> Any:
    """Return the first stage of a name; by its class, all classes would be imported."""
    return next((stage for stage in recipe.stages if stage.name == name), None)
