"""Metrics that are reported for a picture, and baseline dithers to compare with."""

from ditherlab.metrics.registry import METRICS, MOST_THREADS, Metric, measure, measure_all

__all__ = ["METRICS", "MOST_THREADS", "Metric", "measure", "measure_all"]
