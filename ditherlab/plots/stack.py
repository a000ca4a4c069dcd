"""Plots below one another in one SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike

from ditherlab.plots.plot import HEIGHT, WIDTH, Plot, save_svg, svg_style


@dataclass(frozen=True)
class Stack:
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

    def save(self, path: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Write the plots as an SVG file.

        Args:
            path: A name that ends in `.svg`.
            overwrite: Whether an existing file may be replaced.

        Raises:
            OutputError: If the name has another end, or the file exists or cannot be written.
        """
        save_svg(path, self.svg_file(), overwrite=overwrite)

    def _repr_svg_(self) -> str:
        return self.svg_file()
