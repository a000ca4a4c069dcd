"""The report of a palette ranking, as JSON, text and HTML."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from ditherlab.experiments import PaletteVerdict
from ditherlab.images import Picture
from ditherlab.palette import spell_colors
from ditherlab.report.comparison_report import spell
from ditherlab.report.document import finite_document
from ditherlab.report.markup import encode_png, figure, page, swatches, table, terms
from ditherlab.report.table import align

_FIGURES = ("flip", "ls", "lp")


@dataclass(frozen=True, eq=False)
class RankingReport:
    """A ranking of palettes for a picture.

    Attributes:
        picture: The measured picture, which may be smaller than the source.
        source_size: Width and height of the source.
        objective: The objective of the costs, as text.
        ranked: Names and measurements of the palettes, the best first.
    """

    picture: Picture
    source_size: tuple[int, int]
    objective: str
    ranked: Sequence[tuple[str, PaletteVerdict]]

    def document(self) -> dict[str, Any]:
        """Return the report without pictures, as JSON types."""
        return finite_document(
            {
                "width": self.source_size[0],
                "height": self.source_size[1],
                "measured_width": self.picture.width,
                "measured_height": self.picture.height,
                "objective": self.objective,
                "palettes": [
                    {
                        "rank": number + 1,
                        "name": name,
                        **verdict_document(verdict),
                    }
                    for number, (name, verdict) in enumerate(self.ranked)
                ],
            }
        )

    def table(self) -> str:
        """Return a table with a row per palette."""
        return align([self._heads, *self._rows()])

    def html(self, command: str, date: datetime.date) -> str:
        """Return a self-contained HTML page."""
        name = self.picture.name or "standard input"
        return page(f"Palettes for {name}", "\n".join(self._body(command, date)))

    @property
    def _heads(self) -> list[str]:
        return ["", "cost", *self._figures, "colors", "used", "fit"]

    @property
    def _figures(self) -> list[str]:
        return [name for name in _FIGURES if all(name in v.figures for _, v in self.ranked)]

    def _rows(self) -> Iterator[list[str]]:
        for name, verdict in self.ranked:
            yield [
                name,
                spell(verdict.cost, 3),
                *(spell(verdict.figures[figure], 3) for figure in self._figures),
                str(len(verdict.palette)),
                str(verdict.num_colors_used),
                verdict.fit,
            ]

    def _body(self, command: str, date: datetime.date) -> Iterator[str]:
        picture = self.picture
        yield terms(
            [
                ("Picture", "{} × {} pixels".format(*self.source_size)),
                ("Measured", f"{picture.width} × {picture.height} pixels"),
                ("Objective", f"<code>{escape(self.objective)}</code>, minimized"),
                ("Date", date.isoformat()),
            ]
        )
        yield (
            '<p class="note">The cost compares the dithered picture with the source, in color. '
            "Lower is better for the cost and flip; higher is better for ls and lp.</p>"
        )
        yield table("Palettes, the best first", self._heads, self._rows())
        yield "<h2>Pictures</h2>"
        yield '<div class="pictures">'
        size = {"width": picture.width, "height": picture.height}
        yield figure(encode_png(picture), alt="the source", caption="the source", **size)
        for number, (name, verdict) in enumerate(self.ranked):
            if verdict.png is not None:
                caption = f"{number + 1}. {name}, {len(verdict.palette)} colors"
                yield figure(verdict.png, alt=f"in {name}", caption=caption, **size)
        yield "</div>"
        yield "<h2>Colors of the best palettes</h2>"
        for name, verdict in self.ranked[:3]:
            yield f"<h3>{escape(name)}</h3>{swatches(spell_colors(verdict.palette.seen))}"
        yield f"<h2>The command</h2><pre>{escape(command)}</pre>"


def verdict_document(verdict: PaletteVerdict) -> dict[str, Any]:
    """Return the colors and metrics of a palette as JSON types."""
    return {
        "colors": spell_colors(verdict.palette.seen),
        "colors_used": verdict.num_colors_used,
        "fit": verdict.fit,
        "figures": dict(verdict.figures),
        "seconds": round(verdict.seconds, 3),
    }
