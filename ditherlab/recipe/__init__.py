"""Recipes: stages in order, the presets, the defaults, and the table of impossible combinations."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ditherlab.recipe.default import Shorthands as Shorthands
    from ditherlab.recipe.default import default_recipe as default_recipe
    from ditherlab.recipe.recipe import Recipe as Recipe
    from ditherlab.recipe.settings import settings_of as settings_of

# Loaded when they are first used: presets and rules are read before torch is needed.
_HOMES = {
    "Recipe": "recipe",
    "Shorthands": "default",
    "default_recipe": "default",
    "settings_of": "settings",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'ditherlab.recipe' has no attribute '{name}'")
    return getattr(import_module(f"ditherlab.recipe.{_HOMES[name]}"), name)
