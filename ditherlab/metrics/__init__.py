"""Figures that are reported of a picture; none of them is optimized."""

from ditherlab.metrics.registry import METRICS, Metric, measure, measure_all

__all__ = ["METRICS", "Metric", "measure", "measure_all"]
