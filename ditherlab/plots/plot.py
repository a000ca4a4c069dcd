"""Plots as inline SVG, drawn without a plotting library.

Colors are CSS variables (`--series-0` and so on), so that the page can set light and dark themes.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from ditherlab.plots.drawing import Drawing, svg_style
from ditherlab.plots.labels import Label, beside_points, spread_down
from ditherlab.plots.scale import Scale, spell_tick

NUM_COLORS = 8
_DASHES = ("", "7 3", "2 3", "9 3 2 3")

WIDTH, HEIGHT = 820, 430
_LEFT, _TOP, _BOTTOM = 74, 14, 50
_LABEL_GAP = 10
_PX_PER_LETTER = 7.7
_MAX_LABEL_LETTERS = 30


@dataclass(frozen=True)
class Axis:
    """An axis of a plot.

    Attributes:
        label: The label, with the unit.
        is_log: Whether the axis is logarithmic.
    """

    label: str
    is_log: bool = False


@dataclass(frozen=True)
class Line:
    """A curve, and a band around it if `low` and `high` are given.

    Attributes:
        name: The label.
        x: The x values.
        y: The y values.
        low: Lower edge of the band.
        high: Upper edge of the band.
        style: The number of the color and of the dash pattern.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    style: int = 0


@dataclass(frozen=True)
class Point:
    """A mark with a label.

    Attributes:
        name: The label.
        x: The x value.
        y: The y value.
        title: The tooltip.
        is_filled: Whether the mark is a disc; otherwise it is a ring.
        part: A second y value, a part of `y`, marked below the point; None for none.
        style: The number of the color.
    """

    name: str
    x: float
    y: float
    title: str = ""
    is_filled: bool = True
    part: float | None = None
    style: int = 0


@dataclass(frozen=True)
class Level:
    """A horizontal line to compare with.

    Attributes:
        name: The label.
        y: The y value.
    """

    name: str
    y: float


@dataclass(frozen=True)
class Plot(Drawing):
    """Lines, points and levels over two axes.

    Attributes:
        title: The title, for screen readers.
        x: The horizontal axis.
        y: The vertical axis.
        lines: The curves.
        points: The points.
        levels: The horizontal lines.
    """

    title: str
    x: Axis
    y: Axis
    lines: Sequence[Line] = ()
    points: Sequence[Point] = ()
    levels: Sequence[Level] = ()

    def svg_file(self) -> str:
        """Return the plot as an SVG file, which includes its style sheet."""
        return self.svg(svg_style()) + "\n"

    def svg(self, style: str = "") -> str:
        """Return the plot as SVG, with a message if there is nothing to show.

        Args:
            style: A style element to include; a page has its own.
        """
        parts = [style, f"<title>{escape(self.title)}</title>", *self._drawing()]
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img" '
            f'viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(parts)}</svg>'
        )

    def _drawing(self) -> Iterator[str]:
        x = Scale.around(self._all_x(), _LEFT, self._right_px(), is_log=self.x.is_log)
        y = Scale.around(self._all_y(), HEIGHT - _BOTTOM, _TOP, is_log=self.y.is_log)
        if x is None or y is None:
            yield f'<text x="{WIDTH / 2}" y="{HEIGHT / 2}" class="middle">Nothing to show.</text>'
            return
        yield from self._axes(x, y)
        for level in self.levels:
            yield (
                f'<line class="level" x1="{x.start_px:.1f}" x2="{x.end_px:.1f}" '
                f'y1="{y.place(level.y):.1f}" y2="{y.place(level.y):.1f}">'
                f"<title>{escape(level.name)}: {level.y:.4g}</title></line>"
            )
        for line in self.lines:
            yield _draw_line(line, x, y)
        for point in self.points:
            yield _draw_point(point, x, y)
        yield from (_draw_label(label) for label in self._labels(x, y))

    def _axes(self, x: Scale, y: Scale) -> Iterator[str]:
        for tick in x.ticks():
            place = f"{x.place(tick):.1f}"
            yield (
                f'<line class="grid" x1="{place}" x2="{place}" y1="{_TOP}" y2="{y.start_px:.1f}"/>'
            )
            yield (
                f'<text class="middle" x="{place}" y="{y.start_px + 17:.1f}">'
                f"{spell_tick(tick)}</text>"
            )
        for tick in y.ticks():
            place = f"{y.place(tick):.1f}"
            yield (
                f'<line class="grid" x1="{_LEFT}" x2="{x.end_px:.1f}" y1="{place}" y2="{place}"/>'
            )
            yield (
                f'<text class="end" x="{_LEFT - 7}" y="{y.place(tick) + 4:.1f}">'
                f"{spell_tick(tick)}</text>"
            )
        middle_x, middle_y = (x.start_px + x.end_px) / 2, (y.start_px + y.end_px) / 2
        yield (
            f'<text class="middle axis" x="{middle_x:.1f}" y="{HEIGHT - 12}">'
            f"{escape(self.x.label)}</text>"
        )
        yield (
            f'<text class="middle axis" transform="translate(16 {middle_y:.1f}) rotate(-90)">'
            f"{escape(self.y.label)}</text>"
        )

    def _labels(self, x: Scale, y: Scale) -> list[Label]:
        right = x.end_px + _LABEL_GAP
        ends = [
            Label(shorten(line.name), right, y.place(line.y[-1]), line.style, y.place(line.y[-1]))
            for line in self.lines
            if len(line.y)
        ]
        levels = [
            Label(shorten(level.name), right, y.place(level.y), None, y.place(level.y))
            for level in self.levels
        ]
        marks = [
            Label(shorten(point.name), x.place(point.x), y.place(point.y), point.style)
            for point in self.points
        ]
        return [
            *spread_down([*ends, *levels], _TOP, HEIGHT - _BOTTOM),
            *beside_points(marks, right_px=WIDTH, px_per_letter=_PX_PER_LETTER),
        ]

    def _right_px(self) -> float:
        names = [*(line.name for line in self.lines), *(level.name for level in self.levels)]
        longest = max((len(shorten(name)) for name in names), default=0)
        return WIDTH - max(24.0, longest * _PX_PER_LETTER + 2 * _LABEL_GAP)

    def _all_x(self) -> Iterator[float]:
        for line in self.lines:
            yield from line.x
        yield from (point.x for point in self.points)

    def _all_y(self) -> Iterator[float]:
        for line in self.lines:
            yield from (*line.y, *line.low, *line.high)
        for point in self.points:
            yield point.y
            if point.part is not None:
                yield point.part
        yield from (level.y for level in self.levels)


def _draw_line(line: Line, x: Scale, y: Scale) -> str:
    dash = _DASHES[line.style // NUM_COLORS % len(_DASHES)]
    band = ""
    if line.low and line.high:
        edge = [*zip(line.x, line.high, strict=True)]
        edge += reversed([*zip(line.x, line.low, strict=True)])
        band = f'<path class="band" d="{_path(edge, x, y)}Z"/>'
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<g class="series-{line.style % NUM_COLORS}"><title>{escape(line.name)}</title>{band}'
        f'<path class="line" d="{_path(zip(line.x, line.y, strict=True), x, y)}"{dashed}/></g>'
    )


def _draw_point(point: Point, x: Scale, y: Scale) -> str:
    place, height = f"{x.place(point.x):.1f}", f"{y.place(point.y):.1f}"
    part = ""
    if point.part is not None:
        foot = f"{y.place(point.part):.1f}"
        left, right = x.place(point.x) - 7, x.place(point.x) + 7
        part = (
            f'<path class="part" d="M{place} {height}L{place} {foot}'
            f'M{left:.1f} {foot}L{right:.1f} {foot}"/>'
        )
    mark = "disc" if point.is_filled else "ring"
    return (
        f'<g class="series-{point.style % NUM_COLORS}">'
        f"<title>{escape(point.title or point.name)}</title>{part}"
        f'<circle class="{mark}" cx="{place}" cy="{height}" r="5.5"/></g>'
    )


def _draw_label(label: Label) -> str:
    color = "level-label" if label.style is None else f"series-{label.style % NUM_COLORS} label"
    anchor = ' class="end"' if label.is_before else ""
    leader = ""
    if label.end_px is not None and abs(label.end_px - label.y_px) > 3:
        leader = (
            f'<path class="leader" d="M{label.x_px - 2:.1f} {label.y_px:.1f}'
            f'L{label.x_px - _LABEL_GAP:.1f} {label.end_px:.1f}"/>'
        )
    return (
        f'<g class="{color}">{leader}<text{anchor} x="{label.x_px:.1f}" '
        f'y="{label.y_px + 4:.1f}">'
        f"{escape(label.text)}</text></g>"
    )


def _path(points: Iterable[tuple[float, float]], x: Scale, y: Scale) -> str:
    places = [f"{x.place(across):.1f} {y.place(up):.1f}" for across, up in points]
    return f"M{'L'.join(places)}" if places else ""


def shorten(name: str) -> str:
    """Shorten a label that is too long."""
    return name if len(name) <= _MAX_LABEL_LETTERS else f"{name[: _MAX_LABEL_LETTERS - 1]}…"
