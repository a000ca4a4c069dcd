"""Experiments: comparisons of estimators and palettes, sweeps, and published experiments."""

from typing import TYPE_CHECKING

# Their module has the name of one of them, which importing it would put in its place.
from ditherlab.experiments.local_pool import local_pool, num_cores
from ditherlab.lazy_names import lazy_names

if TYPE_CHECKING:
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
    from ditherlab.experiments.palette_trial import (
        PaletteTrial,
        PaletteVerdict,
        run_tasks,
        try_palette,
    )
    from ditherlab.experiments.prices import BaselineFigures, PriceList
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
    "try_palette",
    "typical_run",
]

__getattr__ = lazy_names(
    __name__,
    {
        "At": "comparison",
        "BaselineFigures": "prices",
        "BudgetName": "runs",
        "Budgets": "runs",
        "Cell": "cell",
        "CellResult": "cell_result",
        "Comparison": "comparison",
        "Curve": "summary",
        "CurvePoint": "color_curve",
        "CurveTask": "color_curve",
        "DEFAULT_SECONDS_PER_RUN": "contest",
        "FigureTarget": "color_curve",
        "GradientFigures": "gradients",
        "GradientProblem": "comparison",
        "Group": "sweep_summary",
        "LEARNED": "color_curve",
        "MAX_CELLS": "sweep_file",
        "METHODS": "color_curve",
        "OpenExecutor": "sweep",
        "PARTS_OF_REFERENCE": "comparison",
        "PaletteTrial": "palette_trial",
        "PaletteVerdict": "palette_trial",
        "PriceList": "prices",
        "Reference": "gradients",
        "ResultsFile": "results_file",
        "RunComparison": "runs",
        "RunFigures": "runs",
        "RunProgress": "runs",
        "RunSummary": "summary",
        "Spread": "summary",
        "SweepProgress": "sweep",
        "SweepSummary": "sweep_summary",
        "Task": "runs",
        "carry_out": "cell",
        "cells_to_run": "sweep",
        "compare_gradients": "comparison",
        "compare_runs": "contest",
        "curve_tasks": "color_curve",
        "fitting_estimators": "comparison",
        "fix_palette": "comparison",
        "group_runs": "summary",
        "has_flip": "judging",
        "judge_picture": "judging",
        "measure_estimator": "gradients",
        "measure_point": "color_curve",
        "measure_reference": "gradients",
        "measure_seen": "judging",
        "number_of": "sweep_summary",
        "parse_ladder": "color_curve",
        "read_sweep": "sweep_file",
        "run_sweep": "sweep",
        "run_tasks": "palette_trial",
        "smallest_palette": "color_curve",
        "summarize_runs": "summary",
        "try_palette": "palette_trial",
        "typical_run": "summary",
    },
)
