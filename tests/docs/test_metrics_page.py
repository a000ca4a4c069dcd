"""The page of the further metrics tells what the table in the code says."""

import re
from pathlib import Path

from ditherlab.vision.image_metrics import IMAGE_METRICS, ImageMetric

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"


def spell_needs(metric: ImageMetric) -> str:
    least = metric.min_size_px
    size = [f"{least} x {least} pixels"] if least > 1 else []
    return ", ".join([*size, *(["colors"] if metric.channels == "color" else [])])


def test_each_metric_has_a_row():
    rows = re.findall(
        r"^\| `([\w-]+)` \| .* \| (\w+) \| (.*?) ?\|$", PAGE.read_text(), re.MULTILINE
    )
    assert rows == [
        (name, "higher" if metric.is_higher_better else "lower", spell_needs(metric))
        for name, metric in IMAGE_METRICS.items()
    ]
