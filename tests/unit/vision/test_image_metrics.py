"""The names of the metrics of torchmetrics, and what they need."""

import subprocess
import sys

import pytest

from ditherlab.errors import RequestError
from ditherlab.vision.image_metrics import IMAGE_METRICS, find_image_metric, parse_metrics


@pytest.mark.parametrize(
    "words", ["rmse-sw", "RMSE_SW", " rmse-sw ", "RootMeanSquaredErrorUsingSlidingWindow"]
)
def test_a_metric_has_a_short_name_and_that_of_its_class(words: str) -> None:
    assert find_image_metric(words) is IMAGE_METRICS["rmse-sw"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("ms-sim", r"Unknown metric `ms-sim`\. Did you mean `ms-ssim`\?"),
        ("", r"Unknown metric ``\. There are: d-lambda, "),
        ("uqi,,vif", r"Unknown metric ``"),
        ("LPIPS", r"got `LPIPS`, which needs a network that is downloaded\. There are: d-lambda"),
        ("all,uqi", r"Unknown metric `all`"),
    ],
)
def test_other_words_are_refused(words: str, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        parse_metrics(words)


def test_a_metric_tells_why_a_picture_has_no_value() -> None:
    multi_scale, angle = IMAGE_METRICS["ms-ssim"], IMAGE_METRICS["sam"]
    assert multi_scale.why_not(176, 175, is_gray=False) == (
        "`ms-ssim` needs a picture of at least 176 x 176 pixels, got 176 x 175."
    )
    assert multi_scale.why_not(176, 176, is_gray=True) == ""
    assert angle.why_not(9, 9, is_gray=True).startswith("`sam` compares colors")
    assert angle.why_not(9, 9, is_gray=False) == ""


def test_names_are_read_without_torch() -> None:
    code = (
        "import sys\n"
        "from ditherlab.vision.image_metrics import parse_metrics\n"
        "parse_metrics('all')\n"
        "assert not {'torch', 'torchmetrics', 'numpy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
