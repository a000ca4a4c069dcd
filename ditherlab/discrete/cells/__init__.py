"""Machines that allow few colors in each cell of a picture, and the search within their rules."""

from typing import TYPE_CHECKING

from ditherlab.discrete.cells.rule import CellRule
from ditherlab.lazy_names import lazy_names

if TYPE_CHECKING:
    from ditherlab.discrete.cells.machines import cell_rule, cell_rules

__all__ = ["CellRule", "cell_rule", "cell_rules"]

__getattr__ = lazy_names(__name__, {"cell_rule": "machines", "cell_rules": "machines"})
