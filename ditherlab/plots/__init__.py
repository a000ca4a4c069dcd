"""Plots as SVG, drawn without a plotting library."""

from ditherlab.plots.plot import Axis, Level, Line, Plot, Point

__all__ = ["Axis", "Level", "Line", "Plot", "Point"]
