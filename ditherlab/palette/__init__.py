"""Palettes: built in, read from files, or given as colors; importing them does not load torch."""

from typing import TYPE_CHECKING

from ditherlab.lazy_names import lazy_names

if TYPE_CHECKING:
    from ditherlab.palette.color_table import ColorTable
    from ditherlab.palette.colors import (
        Color,
        are_gray,
        checked_colors,
        hex_to_color,
        merged,
        spell_colors,
    )
    from ditherlab.palette.files import parse_palette, read_palette_file, read_palette_stream
    from ditherlab.palette.formats import FORMATS, WRITABLE_FORMATS, PaletteFormat, format_to_write
    from ditherlab.palette.hardware_gamut import HardwareGamut, parse_gamut
    from ditherlab.palette.named import named_palette, named_palettes
    from ditherlab.palette.palette import MAX_NUM_COLORS, MIN_NUM_COLORS, Palette
    from ditherlab.palette.panels import spell_entries, spell_palette, written_for
    from ditherlab.palette.request import (
        is_spelled_out,
        place_palette,
        resolve_colors,
        resolve_palette,
        split_palettes,
    )

__all__ = [
    "FORMATS",
    "MAX_NUM_COLORS",
    "MIN_NUM_COLORS",
    "WRITABLE_FORMATS",
    "Color",
    "ColorTable",
    "HardwareGamut",
    "Palette",
    "PaletteFormat",
    "are_gray",
    "checked_colors",
    "format_to_write",
    "hex_to_color",
    "is_spelled_out",
    "merged",
    "named_palette",
    "named_palettes",
    "parse_gamut",
    "parse_palette",
    "place_palette",
    "read_palette_file",
    "read_palette_stream",
    "resolve_colors",
    "resolve_palette",
    "spell_colors",
    "spell_entries",
    "spell_palette",
    "split_palettes",
    "written_for",
]

__getattr__ = lazy_names(
    __name__,
    {
        "FORMATS": "formats",
        "MAX_NUM_COLORS": "palette",
        "MIN_NUM_COLORS": "palette",
        "WRITABLE_FORMATS": "formats",
        "Color": "colors",
        "ColorTable": "color_table",
        "HardwareGamut": "hardware_gamut",
        "Palette": "palette",
        "PaletteFormat": "formats",
        "are_gray": "colors",
        "checked_colors": "colors",
        "format_to_write": "formats",
        "hex_to_color": "colors",
        "is_spelled_out": "request",
        "merged": "colors",
        "named_palette": "named",
        "named_palettes": "named",
        "parse_gamut": "hardware_gamut",
        "parse_palette": "files",
        "place_palette": "request",
        "read_palette_file": "files",
        "read_palette_stream": "files",
        "resolve_colors": "request",
        "resolve_palette": "request",
        "spell_colors": "colors",
        "spell_entries": "panels",
        "spell_palette": "panels",
        "split_palettes": "request",
        "written_for": "panels",
    },
)
