"""The stages of a recipe, one file each, and the state that they move."""
