"""Experiments: estimators measured beside one another on the same problem."""

from ditherlab.experiments.cell import Cell, carry_out
from ditherlab.experiments.cell_result import CellResult
from ditherlab.experiments.comparison import (
    PARTS_OF_REFERENCE,
    At,
    Comparison,
    Place,
    compare_gradients,
    fitting_estimators,
    fix_palette,
)
from ditherlab.experiments.contest import DEFAULT_SECONDS_PER_RUN, compare_runs
from ditherlab.experiments.gradients import (
    GradientFigures,
    Reference,
    measure_estimator,
    measure_reference,
)
from ditherlab.experiments.local_pool import local_pool, num_cores
from ditherlab.experiments.prices import BaselineFigures, PriceList, to_levels
from ditherlab.experiments.results_file import ResultsFile
from ditherlab.experiments.runs import (
    BudgetName,
    Budgets,
    RunComparison,
    RunFigures,
    RunProgress,
    Task,
)
from ditherlab.experiments.summary import (
    Curve,
    RunSummary,
    Spread,
    group_runs,
    summarize_runs,
    typical_run,
)
from ditherlab.experiments.sweep import OpenExecutor, SweepProgress, cells_to_run, run_sweep
from ditherlab.experiments.sweep_file import read_sweep
from ditherlab.experiments.sweep_summary import Group, SweepSummary, number_of

__all__ = [
    "DEFAULT_SECONDS_PER_RUN",
    "PARTS_OF_REFERENCE",
    "At",
    "BaselineFigures",
    "BudgetName",
    "Budgets",
    "Cell",
    "CellResult",
    "Comparison",
    "Curve",
    "GradientFigures",
    "Group",
    "OpenExecutor",
    "Place",
    "PriceList",
    "Reference",
    "ResultsFile",
    "RunComparison",
    "RunFigures",
    "RunProgress",
    "RunSummary",
    "Spread",
    "SweepProgress",
    "SweepSummary",
    "Task",
    "carry_out",
    "cells_to_run",
    "compare_gradients",
    "compare_runs",
    "fitting_estimators",
    "fix_palette",
    "group_runs",
    "local_pool",
    "measure_estimator",
    "measure_reference",
    "num_cores",
    "number_of",
    "read_sweep",
    "run_sweep",
    "summarize_runs",
    "to_levels",
    "typical_run",
]
