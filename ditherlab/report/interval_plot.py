"""A plot of intervals over several seeds in rows, as inline SVG."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from ditherlab.plots.plot import NUM_COLORS, Axis, shorten
from ditherlab.plots.scale import Scale, spell_tick

_WIDTH, _TOP, _BOTTOM, _RIGHT = 520, 6, 46, 22
_ROW_PX, _BAND_PX = 24, 12
_PX_PER_LETTER, _GAP = 7.2, 12


@dataclass(frozen=True)
class Interval:
    """The interval in a row.

    Attributes:
        name: The label.
        low: Left end of the band.
        high: Right end of the band.
        mean: The mean, shown as a disc.
        median: The median, shown as a line.
        style: The number of the color.
    """

    name: str
    low: float
    high: float
    mean: float
    median: float
    style: int = 0


@dataclass(frozen=True)
class IntervalPlot:
    """Rows of intervals along one axis.

    Attributes:
        title: The title, for screen readers.
        axis: The horizontal axis.
        rows: The rows from top to bottom.
    """

    title: str
    axis: Axis
    rows: Sequence[Interval]

    def svg(self) -> str:
        """Return the plot as SVG, with a message if there is nothing to show."""
        height = _TOP + max(1, len(self.rows)) * _ROW_PX + _BOTTOM
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img" '
            f'viewBox="0 0 {_WIDTH} {height}"><title>{escape(self.title)}</title>'
            f"{''.join(self._drawing(height))}</svg>"
        )

    def _drawing(self, height: int) -> Iterator[str]:
        longest = max((len(shorten(row.name)) for row in self.rows), default=0)
        left = longest * _PX_PER_LETTER + _GAP
        numbers = [number for row in self.rows for number in (row.low, row.high)]
        scale = Scale.around(numbers, left, _WIDTH - _RIGHT, is_log=self.axis.is_log)
        if scale is None:
            yield f'<text x="{_WIDTH / 2}" y="{height / 2}" class="middle">Nothing to show.</text>'
            return
        foot = height - _BOTTOM
        # The labels of ticks are side by side, so there is room for half as many.
        ticks = scale.ticks()
        for tick in ticks[:: 2 if len(ticks) > 4 else 1]:
            place = f"{scale.place(tick):.1f}"
            yield f'<line class="grid" x1="{place}" x2="{place}" y1="{_TOP}" y2="{foot}"/>'
            yield f'<text class="middle" x="{place}" y="{foot + 16}">{spell_tick(tick)}</text>'
        yield (
            f'<text class="middle axis" x="{(left + _WIDTH - _RIGHT) / 2:.1f}" y="{height - 10}">'
            f"{escape(self.axis.label)}</text>"
        )
        for number, row in enumerate(self.rows):
            yield _draw_row(row, scale, _TOP + (number + 0.5) * _ROW_PX)


def _draw_row(row: Interval, scale: Scale, middle_px: float) -> str:
    low, high, mean, median = (
        scale.place(number) for number in (row.low, row.high, row.mean, row.median)
    )
    top, bottom = middle_px - _BAND_PX / 2, middle_px + _BAND_PX / 2
    summary = (
        f"{row.name}: mean {row.mean:.4g}, median {row.median:.4g}, {row.low:.4g} to {row.high:.4g}"
    )
    return (
        f'<g class="series-{row.style % NUM_COLORS}"><title>{escape(summary)}</title>'
        f'<rect class="band" x="{low:.1f}" y="{top:.1f}" width="{max(high - low, 1):.1f}" '
        f'height="{_BAND_PX}"/>'
        f'<path class="part" d="M{median:.1f} {top:.1f}L{median:.1f} {bottom:.1f}"/>'
        f'<circle class="disc" cx="{mean:.1f}" cy="{middle_px:.1f}" r="4"/></g>'
        f'<text class="end" x="{scale.start_px - _GAP / 2:.1f}" y="{middle_px + 4:.1f}">'
        f"{escape(shorten(row.name))}</text>"
    )
