"""Recipes: stages in order, the presets, the defaults, and what excludes what."""
