"""Machines that allow few colors in each cell of a picture, and the search within their rules."""

from ditherlab.discrete.cells.machines import cell_rule, cell_rules
from ditherlab.discrete.cells.rule import CellRule

__all__ = ["CellRule", "cell_rule", "cell_rules"]
