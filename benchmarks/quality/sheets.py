"""Contact sheets: a detail of each picture at 100 % and 400 %, side by side for several tools."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.quality.task import Pixels

DETAIL_PX = 144
ZOOM = 4
_GAP_PX, _HEAD_PX, _SIDE_PX = 6, 26, 18
_CLOSE_PX = DETAIL_PX // ZOOM
_INK, _PAPER = (20, 20, 20), (255, 255, 255)


@dataclass(frozen=True)
class Detail:
    """Where to look in a picture: a square, and a small square within it.

    Attributes:
        close: Left and top of the small square, from those of the large one.
    """

    left: int
    top: int
    close: tuple[int, int]

    def cut(self, pixels: Pixels) -> tuple[Image.Image, Image.Image]:
        """Return the square as it is, and the small one enlarged."""
        square = pixels[self.top : self.top + DETAIL_PX, self.left : self.left + DETAIL_PX]
        across, down = self.close
        small = square[down : down + _CLOSE_PX, across : across + _CLOSE_PX]
        enlarged = small.repeat(ZOOM, axis=0).repeat(ZOOM, axis=1)
        return Image.fromarray(square), Image.fromarray(enlarged)


DETAILS: Mapping[str, Detail] = {
    "astronaut": Detail(150, 60, (70, 50)),
    "coffee": Detail(180, 120, (60, 50)),
    "chelsea": Detail(120, 40, (40, 50)),
    "china": Detail(250, 130, (50, 20)),
    "flower": Detail(210, 120, (40, 40)),
}
"""Skin, a dark gradient, fur and an eye, roofs before sky, petals before blur."""


def draw_sheet(columns: Mapping[str, Mapping[str, Pixels]], pictures: Sequence[str]) -> Image.Image:
    """Put details of pictures in rows, and of tools in columns.

    Args:
        columns: The pictures that a tool made, by the label of its column; a missing one stays
            empty.
        pictures: The names of the rows.
    """
    cell_px = 2 * DETAIL_PX + _GAP_PX
    width = _SIDE_PX + len(columns) * (cell_px + 2 * _GAP_PX)
    height = _HEAD_PX + len(pictures) * (DETAIL_PX + _GAP_PX)
    sheet = Image.new("RGB", (width, height), _PAPER)
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=14)
    for row, picture in enumerate(pictures):
        top = _HEAD_PX + row * (DETAIL_PX + _GAP_PX)
        label = Image.new("RGB", (DETAIL_PX, _SIDE_PX), _PAPER)
        ImageDraw.Draw(label).text((4, 0), picture, _INK, font)
        sheet.paste(label.transpose(Image.Transpose.ROTATE_90), (0, top))
    for column, (name, made) in enumerate(columns.items()):
        left = _SIDE_PX + column * (cell_px + 2 * _GAP_PX)
        pen.text((left, 4), name, _INK, font)
        for row, picture in enumerate(pictures):
            if picture not in made:
                continue
            top = _HEAD_PX + row * (DETAIL_PX + _GAP_PX)
            square, enlarged = DETAILS[picture].cut(np.asarray(made[picture]))
            sheet.paste(square, (left, top))
            sheet.paste(enlarged, (left + DETAIL_PX + _GAP_PX, top))
    return sheet
