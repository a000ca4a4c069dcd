"""Experiments: comparisons of estimators and palettes, sweeps, and published experiments."""

from ditherlab.experiments.cell import Cell, carry_out
from ditherlab.experiments.cell_result import CellResult
from ditherlab.experiments.color_curve import (
    LEARNED,
    METHODS,
    CurvePoint,
    CurveTask,
    FigureTarget,
    curve_tasks,
    measure_point,
    parse_ladder,
    smallest_palette,
)
from ditherlab.experiments.comparison import (
    PARTS_OF_REFERENCE,
    At,
    Comparison,
    GradientProblem,
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
from ditherlab.experiments.judging import has_flip, judge_picture, measure_seen
from ditherlab.experiments.local_pool import local_pool, num_cores
from ditherlab.experiments.palette_trial import (
    PaletteTrial,
    PaletteVerdict,
    run_tasks,
    try_palette,
)
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
from ditherlab.experiments.sweep_file import MAX_CELLS, read_sweep
from ditherlab.experiments.sweep_summary import Group, SweepSummary, number_of

__all__ = [
    "DEFAULT_SECONDS_PER_RUN",
    "LEARNED",
    "MAX_CELLS",
    "METHODS",
    "PARTS_OF_REFERENCE",
    "At",
    "BaselineFigures",
    "BudgetName",
    "Budgets",
    "Cell",
    "CellResult",
    "Comparison",
    "Curve",
    "CurvePoint",
    "CurveTask",
    "FigureTarget",
    "GradientFigures",
    "GradientProblem",
    "Group",
    "OpenExecutor",
    "PaletteTrial",
    "PaletteVerdict",
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
    "curve_tasks",
    "fitting_estimators",
    "fix_palette",
    "group_runs",
    "has_flip",
    "judge_picture",
    "local_pool",
    "measure_estimator",
    "measure_point",
    "measure_reference",
    "measure_seen",
    "num_cores",
    "number_of",
    "parse_ladder",
    "read_sweep",
    "run_sweep",
    "run_tasks",
    "smallest_palette",
    "summarize_runs",
    "to_levels",
    "try_palette",
    "typical_run",
]
