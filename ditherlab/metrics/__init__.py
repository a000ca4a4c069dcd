"""Metrics that are reported for a picture, and baseline dithers to compare with."""

from ditherlab.metrics.by_torchmetrics import measure_whole
from ditherlab.metrics.registry import METRICS, MOST_THREADS, Metric, measure, measure_all

__all__ = ["METRICS", "MOST_THREADS", "Metric", "measure", "measure_all", "measure_whole"]
