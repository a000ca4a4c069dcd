"""The only loop: a problem and a recipe in, a solution out."""
