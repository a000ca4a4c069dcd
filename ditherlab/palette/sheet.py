"""Sheets of labeled swatches, as SVG or PNG."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from ditherlab.palette.colors import Color, spell_colors
from ditherlab.palette.palette import Palette

_NUM_COLUMNS = 8
_CELL_WIDTH_PX, _CELL_HEIGHT_PX = 112, 84
_SWATCH_HEIGHT_PX = 52
_MARGIN_PX = 8
_FONT_PX = 11
_MAX_NAME = 17
_PAPER, _INK, _FRAME = (255, 255, 255), (32, 32, 32), (200, 200, 200)


@dataclass(frozen=True)
class _Cell:
    left: int
    top: int
    color: Color
    lines: tuple[str, ...]

    @property
    def swatch(self) -> tuple[int, int, int, int]:
        """Left, top, width and height of the rectangle that shows the color."""
        width, height = _CELL_WIDTH_PX - _MARGIN_PX, _SWATCH_HEIGHT_PX
        return self.left, self.top, width, height


def sheet_svg(palette: Palette) -> bytes:
    """Draw the colors as they are seen, each with its index, hex code and name, as SVG.

    Example:
        >>> b"#ff8800" in sheet_svg(Palette.from_hex(["#000", "#f80"]))
        True
    """
    width, height = _size(palette)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="{_FONT_PX}">',
        f"<title>{escape(_printable(palette.name) or 'palette')}</title>",
        f'<rect width="{width}" height="{height}" fill="{_hex(_PAPER)}"/>',
    ]
    for cell in _cells(palette):
        left, top, cell_width, cell_height = cell.swatch
        parts.append(
            f'<rect x="{left}" y="{top}" width="{cell_width}" height="{cell_height}" '
            f'fill="{_hex(cell.color)}" stroke="{_hex(_FRAME)}"/>'
        )
        for number, line in enumerate(cell.lines, start=1):
            baseline = top + cell_height + number * (_FONT_PX + 2)
            parts.append(
                f'<text x="{left}" y="{baseline}" fill="{_hex(_INK)}">{escape(line)}</text>'
            )
    return "\n".join([*parts, "</svg>", ""]).encode(errors="replace")


def sheet_png(palette: Palette) -> bytes:
    """Draw the colors as they are seen, each with its index, hex code and name, as PNG.

    Example:
        >>> sheet_png(Palette.from_hex(["#000", "#f80"]))[1:4]
        b'PNG'
    """
    from PIL import Image, ImageDraw, ImageFont

    sheet = Image.new("RGB", _size(palette), _PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(_FONT_PX)
    for cell in _cells(palette):
        left, top, width, height = cell.swatch
        draw.rectangle((left, top, left + width, top + height), cell.color, _FRAME)
        for number, line in enumerate(cell.lines):
            line_top = top + height + 2 + number * (_FONT_PX + 2)
            draw.text((left, line_top), line, fill=_INK, font=font)
    file = io.BytesIO()
    sheet.save(file, "PNG", optimize=True)
    return file.getvalue()


def _size(palette: Palette) -> tuple[int, int]:
    num_columns = min(len(palette), _NUM_COLUMNS)
    num_rows = -(-len(palette) // _NUM_COLUMNS)
    return num_columns * _CELL_WIDTH_PX + _MARGIN_PX, num_rows * _CELL_HEIGHT_PX + _MARGIN_PX


def _cells(palette: Palette) -> Iterator[_Cell]:
    for index, (color, spelled) in enumerate(zip(palette.seen, palette.hex, strict=True)):
        place = palette.places[index]
        row, column = divmod(index, _NUM_COLUMNS)
        yield _Cell(
            left=_MARGIN_PX + column * _CELL_WIDTH_PX,
            top=_MARGIN_PX + row * _CELL_HEIGHT_PX,
            color=color,
            lines=(f"{place}  {spelled}", _printable(palette.entry_names[index])[:_MAX_NAME]),
        )


def _printable(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable())


def _hex(color: Color) -> str:
    return spell_colors([color])[0]
