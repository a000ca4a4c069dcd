"""What `measure` takes, and what it refuses."""

import pytest
import torch

from ditherlab.errors import RequestError
from ditherlab.metrics import measure
from ditherlab.vision.image_metrics import IMAGE_METRICS


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        (("a.png", "b.png"), r"`measure\(reference=...\)` must be a tensor .* got str. Make it by"),
        ((torch.zeros(1, 3, 9, 9), torch.zeros(3, 9, 9)), r"`measure\(picture=.* shape \[3, 9, 9"),
        ((torch.zeros(2, 3, 9, 9),) * 2, r"got one of shape \[2, 3, 9, 9\]"),
        ((torch.zeros(1, 3, 9, 9, dtype=torch.uint8),) * 2, "a tensor of floats"),
        ((torch.zeros(1, 3, 9, 9), torch.zeros(1, 3, 9, 8)), "must have one shape, got"),
    ],
)
def test_what_cannot_be_measured_is_refused(pictures, message):
    with pytest.raises(RequestError, match=message):
        measure(*pictures)


def test_a_text_is_read_as_that_of_the_option():
    gray = torch.full((1, 3, 16, 16), 0.5)
    assert measure(gray, gray, metrics="psnr, tv") == measure(gray, gray, metrics=["psnr", "tv"])
    assert set(measure(gray, gray, metrics="all")) > set(IMAGE_METRICS)
