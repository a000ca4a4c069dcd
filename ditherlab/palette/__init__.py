"""Palettes: built in, read from files, or spelled out; the import loads no torch."""

from ditherlab.palette.files import read_palette_file
from ditherlab.palette.named import named_palette, named_palettes
from ditherlab.palette.palette import (
    MAX_NUM_COLORS,
    MIN_NUM_COLORS,
    Color,
    Palette,
    are_gray,
    checked_colors,
    hex_to_color,
    merged,
    spell_colors,
)
from ditherlab.palette.request import place_palette, resolve_colors, resolve_palette
from ditherlab.palette.text import gpl_text, hex_text

__all__ = [
    "MAX_NUM_COLORS",
    "MIN_NUM_COLORS",
    "Color",
    "Palette",
    "are_gray",
    "checked_colors",
    "gpl_text",
    "hex_text",
    "hex_to_color",
    "merged",
    "named_palette",
    "named_palettes",
    "place_palette",
    "read_palette_file",
    "resolve_colors",
    "resolve_palette",
    "spell_colors",
]
