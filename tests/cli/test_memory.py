"""A picture that is too large for the memory at hand is refused before the work."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

MIB = 2**20


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Pretend that so many bytes of memory are free."""
    return lambda num_bytes: monkeypatch.setattr(
        "ditherlab.solver.solver.free_memory_bytes", lambda device: num_bytes
    )


def test_a_picture_of_four_megapixels_is_refused_where_memory_is_small(
    run: Callable[..., Any],
    folder: Path,
    free: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Image.new("L", (2000, 1875), 1).save("large.png")
    free(128 * MIB)
    # If the check lets it pass, it must not take the memory of the tests.
    monkeypatch.setattr("ditherlab.solver.solver._Run", None)
    ended = run("optimize", "large.png")
    assert ended.code == 1
    found = re.fullmatch(
        r"A picture of 2000 x 1875 pixels with 16 colors needs about \d+\.\d GiB of memory, and "
        r"0\.1 GiB are free\. Make it smaller than about (\d+) x (\d+), or use fewer colors\.",
        ended.error,
    )
    assert found
    assert 250 < int(found[2]) < int(found[1]) < 1000
    assert not Path("large-dithered.png").exists()


def test_more_colors_need_more_memory(
    photo: Path, run: Callable[..., Any], free: Callable[[int], None]
) -> None:
    free(3 * 2**20)
    assert run("optimize", photo, "--colors", "2", "--steps", "2").code == 0
    ended = run("optimize", photo, "--colors", "256", "--steps", "2", "--estimator", "st")
    assert ended.code == 1
    assert "with 256 colors needs about" in ended.error
