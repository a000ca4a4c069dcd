"""Figures that are reported of a picture; none of them is optimized."""

from ditherlab.metrics.registry import METRICS, Metric, measure

__all__ = ["METRICS", "Metric", "measure"]
