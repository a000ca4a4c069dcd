"""Experiments: estimators measured beside one another on the same problem."""

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
from ditherlab.experiments.prices import BaselineFigures, PriceList
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

__all__ = [
    "DEFAULT_SECONDS_PER_RUN",
    "PARTS_OF_REFERENCE",
    "At",
    "BaselineFigures",
    "BudgetName",
    "Budgets",
    "Comparison",
    "Curve",
    "GradientFigures",
    "Place",
    "PriceList",
    "Reference",
    "RunComparison",
    "RunFigures",
    "RunProgress",
    "RunSummary",
    "Spread",
    "Task",
    "compare_gradients",
    "compare_runs",
    "fitting_estimators",
    "fix_palette",
    "group_runs",
    "measure_estimator",
    "measure_reference",
    "summarize_runs",
    "typical_run",
]
