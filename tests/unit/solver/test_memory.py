import re
from pathlib import Path

import pytest
import torch

import ditherlab.solver.memory
from ditherlab.errors import PictureError
from ditherlab.solver.memory import MemoryNeed, free_memory_bytes

NEED = MemoryNeed(
    width=8000, height=6000, num_colors=16, num_planes=100.0, num_planes_per_color=5.0
)


def test_the_need_grows_with_pixels_and_colors() -> None:
    assert NEED.num_bytes == 4 * 48_000_000 * (100 + 16 * 5)


def test_the_metrics_may_need_more_than_the_run() -> None:
    small = MemoryNeed(
        width=100, height=100, num_colors=2, num_planes=100.0, num_planes_per_color=5.0
    )
    assert small.num_bytes == 4 * 10_000 * (90 + 190)


def test_what_fits_is_not_refused() -> None:
    NEED.check(NEED.num_bytes)


def test_what_nobody_knows_is_not_checked() -> None:
    NEED.check(None)


def test_what_does_not_fit_is_refused_with_a_size_that_does() -> None:
    message = (
        r"^A picture of 8000 x 6000 pixels with 16 colors needs about 32 GiB of memory, and 8\.0 "
        r"GiB are free\. Make it smaller than about 3900 x 2900, or use fewer colors\.$"
    )
    with pytest.raises(PictureError, match=message):
        NEED.check(8 * 2**30)


@pytest.mark.parametrize("num_free_bytes", [0, 2**28, 2**30, 2**34])
def test_the_size_of_the_message_fits(num_free_bytes: int) -> None:
    with pytest.raises(PictureError) as caught:
        NEED.check(num_free_bytes)
    width, height = map(int, re.findall(r"about (\d+) x (\d+)", str(caught.value))[0])
    smaller = MemoryNeed(width, height, 16, NEED.num_planes, NEED.num_planes_per_color)
    assert smaller.num_bytes <= num_free_bytes or width * height == 1


def test_linux_tells_what_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal:  9 kB\nMemFree:  1 kB\nMemAvailable:    5 kB\nHugePages:  0\n")
    monkeypatch.setattr(ditherlab.solver.memory, "_MEMINFO", meminfo)
    assert free_memory_bytes(torch.device("cpu")) == 5 * 1024


@pytest.mark.parametrize("content", [None, "MemTotal:  9 kB\n"])
def test_other_systems_tell_nothing(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meminfo = tmp_path / "meminfo"
    if content is not None:
        meminfo.write_text(content)
    monkeypatch.setattr(ditherlab.solver.memory, "_MEMINFO", meminfo)
    assert free_memory_bytes(torch.device("cpu")) is None


def test_a_device_that_nobody_asks_tells_nothing() -> None:
    assert free_memory_bytes(torch.device("mps")) is None


def test_a_gpu_is_asked_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (7, 9))
    assert free_memory_bytes(torch.device("cuda")) == 7
