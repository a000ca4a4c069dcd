"""The report of a color curve, as JSON, text and HTML."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from ditherlab.experiments import LEARNED, METHODS, CurvePoint, FigureTarget
from ditherlab.images import Picture
from ditherlab.palette import spell_colors
from ditherlab.plots.plot import Axis, Level, Line, Plot
from ditherlab.plots.scale import is_wide
from ditherlab.report.comparison_report import spell
from ditherlab.report.document import finite_document
from ditherlab.report.markup import encode_png, figure, page, swatches, table, terms
from ditherlab.report.ranking_report import verdict_document
from ditherlab.report.sweep_plots import MEANINGS
from ditherlab.report.table import align

_SHOWN = ("flip", "cost", "lp", "ls")
_MAX_SWATCHES = 16


@dataclass(frozen=True, eq=False)
class CurveReport:
    """The quality of a picture against the number of colors.

    Attributes:
        picture: The measured picture, which may be smaller than the source.
        source_size: Width and height of the source.
        points: The points of all methods, including those of the search for the target.
        target: The target; None for none.
        smallest: The smallest learned palette that reaches the target; None if none does.
    """

    picture: Picture
    source_size: tuple[int, int]
    points: Sequence[CurvePoint]
    target: FigureTarget | None = None
    smallest: CurvePoint | None = None

    def document(self) -> dict[str, Any]:
        """Return the report without pictures, as JSON types."""
        target = self.target and {
            "figure": self.target.name,
            "value": self.target.value,
            "colors": self.smallest and self.smallest.num_colors,
        }
        return finite_document(
            {
                "width": self.source_size[0],
                "height": self.source_size[1],
                "measured_width": self.picture.width,
                "measured_height": self.picture.height,
                "target": target,
                "points": [
                    {
                        "method": point.method,
                        "asked_for": point.num_colors,
                        **verdict_document(point.verdict),
                    }
                    for point in self.points
                ],
            }
        )

    def table(self) -> str:
        """Return a table of the main metric, and the answer for the target.

        A row is a number of colors, and a column is a method.
        """
        shown, answer = self._figures[0], self.answer()
        lines = [shown, align([["colors", *METHODS], *self._rows(shown)])]
        return "\n".join(lines if answer is None else [*lines, answer])

    def answer(self) -> str | None:
        """Return a sentence with the number of colors for the target; None without a target."""
        if self.target is None:
            return None
        wanted = f"{self.target.name} {self.target.value:g}"
        if self.smallest is None:
            most = max(point.num_colors for point in self.points)
            return f"No learned palette of up to {most} colors reaches {wanted}."
        found = spell(self.smallest.verdict.figures[self.target.name])
        return f"{self.smallest.num_colors} learned colors reach {wanted}: {found}."

    def html(self, command: str, date: datetime.date) -> str:
        """Return a self-contained HTML page."""
        name = self.picture.name or "standard input"
        return page(f"How many colors {name} needs", "\n".join(self._body(command, date)))

    @property
    def _figures(self) -> list[str]:
        has = [name for name in _SHOWN if all(name in p.verdict.figures for p in self.points)]
        if self.target and self.target.name not in has:
            has.append(self.target.name)
        return has

    def _rows(self, shown: str) -> Iterator[list[str]]:
        found = {(p.method, p.num_colors): p.verdict.figures.get(shown) for p in self.points}
        for num_colors in sorted({point.num_colors for point in self.points}):
            cells = [found.get((method, num_colors)) for method in METHODS]
            yield [str(num_colors), *(spell(cell, 3) for cell in cells)]

    def _plot(self, shown: str) -> Plot:
        lines = []
        for style, method in enumerate(METHODS):
            measured = sorted(
                (float(p.num_colors), value)
                for p in self.points
                if p.method == method and (value := p.verdict.figures.get(shown)) is not None
            )
            if measured:
                across, up = [x for x, _ in measured], [y for _, y in measured]
                lines.append(Line(method, across, up, style=style))
        heights = [value for line in lines for value in line.y]
        is_aim = self.target is not None and self.target.name == shown
        levels = [Level("target", self.target.value)] if self.target and is_aim else []
        is_log = shown in ("flip", "cost") and is_wide(heights)
        x, y = Axis("colors", is_log=True), Axis(shown, is_log=is_log)
        return Plot(f"{MEANINGS[shown]}, over the number of colors", x, y, lines, levels=levels)

    def _body(self, command: str, date: datetime.date) -> Iterator[str]:
        picture, answer = self.picture, self.answer()
        entries = [
            ("Picture", "{} × {} pixels".format(*self.source_size)),
            ("Measured", f"{picture.width} × {picture.height} pixels"),
            ("Date", date.isoformat()),
        ]
        yield terms(entries + ([("Answer", escape(answer))] if answer else []))
        yield (
            '<p class="note">All palettes were used with the same dither: error diffusion and a '
            "polish, for the objective with which the palettes were learned.</p>"
        )
        for shown in self._figures:
            yield f"<h2>{escape(MEANINGS[shown])}</h2>"
            yield f'<div class="wide">{self._plot(shown).svg()}</div>'
            yield table(shown, ["colors", *METHODS], self._rows(shown))
        yield '<h2>Learned palettes</h2><div class="pictures">'
        size = {"width": picture.width, "height": picture.height}
        yield figure(encode_png(picture), alt="the source", caption="the source", **size)
        learned = [point for point in self.points if point.method == LEARNED]
        for point in learned:
            if point.verdict.png is not None:
                label = f"{point.num_colors} colors"
                yield figure(point.verdict.png, alt=f"in {label}", caption=label, **size)
        yield "</div>"
        for point in learned:
            if point.num_colors <= _MAX_SWATCHES:
                colors = spell_colors(point.verdict.palette.colors)
                yield f"<h3>{point.num_colors} colors</h3>{swatches(colors)}"
        yield f"<h2>The command</h2><pre>{escape(command)}</pre>"
