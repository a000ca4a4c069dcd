"""Plots below one another in one SVG."""

from collections.abc import Sequence
from dataclasses import dataclass

from ditherlab.plots.drawing import Drawing, svg_style
from ditherlab.plots.plot import HEIGHT, WIDTH, Plot


@dataclass(frozen=True)
class Stack(Drawing):
    """Plots below one another; shows itself in a notebook.

    Attributes:
        plots: From the top.
    """

    plots: Sequence[Plot]

    def svg_file(self) -> str:
        """Return the plots as one SVG file, which includes its style sheet."""
        parts = (
            f'<svg y="{number * HEIGHT}" width="{WIDTH}" height="{HEIGHT}">{plot.svg()}</svg>'
            for number, plot in enumerate(self.plots)
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} '
            f'{HEIGHT * len(self.plots)}">{svg_style()}{"".join(parts)}</svg>\n'
        )
