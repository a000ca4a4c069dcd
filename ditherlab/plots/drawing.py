"""Drawings that show themselves in a notebook and can be written as SVG files."""

from abc import ABC, abstractmethod
from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import final

from ditherlab.errors import OutputError
from ditherlab.images import path_label, write_atomically


class Drawing(ABC):
    """Base class of what is drawn as SVG; shows itself in a notebook."""

    @abstractmethod
    def svg_file(self) -> str:
        """Return the contents of an SVG file, which includes its style sheet."""

    @final
    def save(self, path: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Write the drawing as an SVG file.

        Args:
            path: A name that ends in `.svg`.
            overwrite: Whether an existing file may be replaced.

        Raises:
            OutputError: If the name has another end, or the file exists or cannot be written.
        """
        if Path(path).suffix.lower() != ".svg":
            raise OutputError(
                f"A plot must be written as .svg, got {path_label(path)}. Browsers show such a "
                "file, and most programs for drawings convert it."
            )
        write_atomically(path, self.svg_file().encode(), overwrite=overwrite)

    @final
    def _repr_svg_(self) -> str:
        return self.svg_file()


def svg_style() -> str:
    """Return the style element of an SVG file."""
    own = "svg { background: var(--paper); font-family: system-ui, sans-serif; }"
    return f"<style>{plot_style()}{own}</style>"


def plot_style() -> str:
    """Return the style sheet of plots, for a page that holds some."""
    return files("ditherlab.plots").joinpath("plot.css").read_text(encoding="utf-8")
