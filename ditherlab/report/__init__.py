"""Reports of runs, comparisons, sweeps and experiments, as text, JSON and HTML pages."""

from typing import TYPE_CHECKING

from ditherlab.lazy_names import lazy_names

if TYPE_CHECKING:
    from ditherlab.report.comparison_page import ComparisonPage
    from ditherlab.report.comparison_report import ComparisonReport
    from ditherlab.report.curve_report import CurveReport
    from ditherlab.report.experiment_report import ExperimentReport, experiment_page
    from ditherlab.report.ranking_report import RankingReport
    from ditherlab.report.run_report import Row, RunReport
    from ditherlab.report.sweep_page import SweepPage
    from ditherlab.report.sweep_report import SweepReport

__all__ = [
    "ComparisonPage",
    "ComparisonReport",
    "CurveReport",
    "ExperimentReport",
    "RankingReport",
    "Row",
    "RunReport",
    "SweepPage",
    "SweepReport",
    "experiment_page",
]

__getattr__ = lazy_names(
    __name__,
    {
        "ComparisonPage": "comparison_page",
        "ComparisonReport": "comparison_report",
        "CurveReport": "curve_report",
        "ExperimentReport": "experiment_report",
        "RankingReport": "ranking_report",
        "Row": "run_report",
        "RunReport": "run_report",
        "SweepPage": "sweep_page",
        "SweepReport": "sweep_report",
        "experiment_page": "experiment_report",
    },
)
