"""Recipes: stages in order, the presets, the defaults, and the table of impossible combinations."""

from typing import TYPE_CHECKING

from ditherlab.lazy_names import lazy_names

if TYPE_CHECKING:
    from ditherlab.recipe.default import Shorthands as Shorthands
    from ditherlab.recipe.default import default_recipe as default_recipe
    from ditherlab.recipe.recipe import Recipe as Recipe
    from ditherlab.recipe.recipe import as_recipe as as_recipe
    from ditherlab.recipe.settings import settings_of as settings_of

# Loaded when they are first used: presets and rules are read before torch is needed.
_HOMES = {
    "Recipe": "recipe",
    "Shorthands": "default",
    "as_recipe": "recipe",
    "default_recipe": "default",
    "settings_of": "settings",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605


__getattr__ = lazy_names(__name__, _HOMES)
