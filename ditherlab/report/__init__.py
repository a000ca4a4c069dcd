"""What a run is told to people and programs."""

from ditherlab.report.run_report import Row, RunReport

__all__ = ["Row", "RunReport"]
