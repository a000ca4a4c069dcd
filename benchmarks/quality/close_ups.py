"""Where bad dither shows first: a gradient, the sky and skin, enlarged four times."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.quality.measuring import Gallery, draw_missing, task_of
from benchmarks.quality.pictures import PALETTES, as_target, read_target
from benchmarks.quality.task import Pixels, Task, Tool, ToolError

ZOOM = 4
_WIDTH_PX, _HEIGHT_PX = 64, 48
_GAP_PX, _HEAD_PX = 6, 24
_INK, _PAPER = (20, 20, 20), (255, 255, 255)
_DUSK = ((38, 52, 84), (198, 160, 140))


@dataclass(frozen=True)
class Place:
    """The left and top of what is enlarged in a picture."""

    picture: str
    left: int
    top: int


PLACES: Mapping[str, Place] = {
    "sky": Place("china", 120, 20),
    "skin": Place("astronaut", 205, 105),
}


def gradient() -> Pixels:
    """Return a dusk: two colors, between which sRGB rises evenly from the top to the bottom."""
    dark, light = (np.array(color, dtype=np.float64) for color in _DUSK)
    part = np.linspace(0, 1, 3 * _HEIGHT_PX)[:, None, None]
    column = np.rint(dark + part * (light - dark)).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(column, (3 * _HEIGHT_PX, 3 * _WIDTH_PX, 3)))


def draw_close_ups(tool: Tool, gallery: Gallery) -> Image.Image:
    """Put the palettes in rows; sources and what a tool made of them in columns.

    Args:
        tool: What dithers.
        gallery: Its pictures; those that are missing are made again.
    """
    heads = [words for name in ("gradient", *PLACES) for words in (f"{name}, source", name)]
    cell = (_WIDTH_PX * ZOOM, _HEIGHT_PX * ZOOM)
    size = (
        len(heads) * (cell[0] + _GAP_PX),
        _HEAD_PX + len(PALETTES) * (cell[1] + _HEAD_PX),
    )
    sheet = Image.new("RGB", size, _PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=14)
    for column, head in enumerate(heads):
        pen.text((column * (cell[0] + _GAP_PX), 4), head, _INK, font)
    for row, palette in enumerate(PALETTES):
        top = _HEAD_PX + row * (cell[1] + _HEAD_PX)
        pen.text((0, top + cell[1] + 3), palette, _INK, font)
        for column, pixels in enumerate(_row(palette, tool, gallery)):
            enlarged = pixels.repeat(ZOOM, axis=0).repeat(ZOOM, axis=1)
            sheet.paste(Image.fromarray(enlarged), (column * (cell[0] + _GAP_PX), top))
    return sheet


def _row(palette: str, tool: Tool, gallery: Gallery) -> list[Pixels]:
    cells = []
    middle = Place("gradient", _WIDTH_PX, _HEIGHT_PX)
    source = as_target(gradient(), palette)
    cells += [_cut(source, middle), _cut(_dithered(source, palette, tool), middle)]
    for place in PLACES.values():
        draw_missing((place.picture,), palette, tool, gallery)
        made = gallery.read(place.picture, palette, tool.name)
        if made is None:
            raise ToolError(f"{tool.name} made no picture of {place.picture} in {palette}.")
        cells += [_cut(read_target(place.picture, palette), place), _cut(made, place)]
    return cells


def _dithered(source: Pixels, palette: str, tool: Tool) -> Pixels:
    like = task_of("china", palette)
    return tool.dither(Task(source, like.colors, like.is_learned, like.seed)).pixels


def _cut(pixels: Pixels, place: Place) -> Pixels:
    return pixels[place.top : place.top + _HEIGHT_PX, place.left : place.left + _WIDTH_PX]
