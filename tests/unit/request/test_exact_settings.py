"""Settings hold numbers exactly: read back, they are the same job."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ditherlab.images import Picture
from ditherlab.request.like import read_like
from ditherlab.request.optimize_request import OptimizeRequest

PHOTO = Picture(
    np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8),
    np.ones((24, 32), dtype=bool),
)
PART = st.floats(0.001, 0.999)
LARGE = st.floats(31.0, 99.0)


def choices(number: float, large: float) -> list[dict[str, object]]:
    return [
        {"objective": f"viewed-error(blur_px={number + 0.3!r})+{number!r}*viewed-ssim"},
        {"strength": number, "palette": "pico-8"},
        {"pixels_per_degree": large, "crisp": number},
        {"viewing_distance": f"{large!r}cm", "dpi": large * 2},
        {"objective": f"variance(c={number!r})"},
        {"palette": "ega", "estimator": f"gumbel-softmax(tau={number!r})", "objective": "ssim"},
        {"palette": "ega", "temperature": f"{large!r}:{number!r}", "estimator": "reinmax",
         "objective": "ssim"},
        {"palette": "ega", "learning_rate": number, "optimizer": "adam", "objective": "ssim"},
        {"palette": "ega", "method": f"gibbs-with-gradients(heat={number!r})"},
    ]  # fmt: skip


@pytest.mark.parametrize("place", range(len(choices(0.5, 50.0))))
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(number=PART, large=LARGE)
def test_numbers_come_back_as_they_were(
    place: int, number: float, large: float, tmp_path: Path
) -> None:
    job = OptimizeRequest(**choices(number, large)[place]).job(PHOTO)  # type: ignore[arg-type]
    notes = PngInfo()
    notes.add_text("ditherlab", json.dumps(job.settings))
    Image.new("L", (2, 2)).save(tmp_path / "like.png", pnginfo=notes)
    again = OptimizeRequest(**read_like(str(tmp_path / "like.png"), {})).job(PHOTO)
    assert again.settings == job.settings
    assert again.recipe == job.recipe
    assert again.problem.objective == job.problem.objective
    assert again.problem.strength == job.problem.strength
