"""Palette file formats, one module each, detected from the contents of a file."""

from ditherlab.palette.formats.palette_format import PaletteFormat, Swatches
from ditherlab.palette.formats.registry import (
    FORMATS,
    WRITABLE_FORMATS,
    format_to_write,
    sniff_format,
)

__all__ = [
    "FORMATS",
    "WRITABLE_FORMATS",
    "PaletteFormat",
    "Swatches",
    "format_to_write",
    "sniff_format",
]
