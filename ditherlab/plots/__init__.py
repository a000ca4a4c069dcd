"""Plots as SVG, drawn without a plotting library."""

from ditherlab.plots.plot import Axis, Level, Line, Plot, Point
from ditherlab.plots.stack import Stack

__all__ = ["Axis", "Level", "Line", "Plot", "Point", "Stack"]
