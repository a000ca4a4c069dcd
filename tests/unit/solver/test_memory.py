import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch

import ditherlab.solver.cgroups
from ditherlab.errors import PictureError
from ditherlab.problem import Limits
from ditherlab.solver.memory import MemoryNeed, allowed_memory_bytes, free_memory_bytes

CPU = torch.device("cpu")
NEED = MemoryNeed(
    width=8000,
    height=6000,
    num_colors=16,
    stage="`polish`",
    num_planes=100.0,
    num_planes_per_color=5.0,
)


def test_the_need_grows_with_pixels_and_colors() -> None:
    assert NEED.num_bytes == 4 * 48_000_000 * (100 + 16 * 5)


def test_the_metrics_may_need_more_than_the_run() -> None:
    small = replace(NEED, width=100, height=100, num_colors=2)
    assert small.num_bytes == 4 * 10_000 * (12 + 140)
    assert (small.user, NEED.user) == ("the metrics", "`polish`")


def test_bands_that_are_measured_at_the_same_time_need_memory_each() -> None:
    metrics = replace(NEED, num_planes=0.0, num_planes_per_color=0.0)
    more = replace(metrics, num_bands=3).num_bytes - metrics.num_bytes
    assert more == 2 * 4 * 140 * 2**17


def test_what_fits_is_not_refused() -> None:
    NEED.check(NEED.num_bytes)


def test_what_nobody_knows_is_not_checked() -> None:
    NEED.check(None)


def test_what_does_not_fit_is_refused_with_a_size_that_does() -> None:
    message = (
        r"^A picture of 8000 x 6000 pixels with 16 colors needs about 32 GiB of memory for "
        r"`polish`, and 8\.0 GiB are allowed\. Make it smaller than about 3900 x 2900, use fewer "
        r"colors, or allow more \(`--max-memory`, `Limits\(memory_bytes=\.\.\.\)`\)\.$"
    )
    with pytest.raises(PictureError, match=message):
        NEED.check(8 * 2**30)


def test_what_not_even_a_pixel_fits_into_is_refused() -> None:
    with pytest.raises(PictureError, match=r"^The memory must be at least 3\.7 GiB for `polish`"):
        replace(NEED, num_planes=1e9).check(10)
    with pytest.raises(PictureError, match=r"for the metrics with 2 colors, got 0 bytes\. Use"):
        replace(NEED, width=1, height=1, num_colors=2).check(0)


@pytest.mark.parametrize("num_free_bytes", [2**14, 2**28, 2**30, 2**34])
def test_the_size_of_the_message_fits(num_free_bytes: int) -> None:
    with pytest.raises(PictureError) as caught:
        NEED.check(num_free_bytes)
    width, height = map(int, re.findall(r"about (\d+) x (\d+)", str(caught.value))[0])
    smaller = replace(NEED, width=width, height=height)
    assert smaller.num_bytes <= num_free_bytes or width * height == 1


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pretend that 5 MB are free, and that control groups lie in this folder."""
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=5_000_000))
    monkeypatch.setattr(ditherlab.solver.cgroups, "_ROOT", tmp_path)
    monkeypatch.setattr(ditherlab.solver.cgroups, "_OWN_GROUPS", tmp_path / "own")
    return tmp_path


def write_group(folder: Path, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(content)


def test_the_system_tells_what_is_free(groups: Path) -> None:
    assert free_memory_bytes(CPU) == 5_000_000


def test_a_run_may_take_three_quarters_of_it_unless_it_is_told(groups: Path) -> None:
    assert allowed_memory_bytes(Limits(), CPU) == 3_750_000
    assert allowed_memory_bytes(Limits(memory_bytes=9), CPU) == 9
    assert allowed_memory_bytes(Limits(), torch.device("mps")) is None


@pytest.mark.parametrize(
    ("own", "places"),
    [
        ("0::/a/b\n", ["a/b"]),
        ("0::/a/b\n", ["a"]),
        ("0::/a/b\n", [""]),
        ("0::/of/the/machine/outside\n", [""]),
        ("1:cpu:/\n0::/a\n", ["a", ""]),
        (None, [""]),
    ],
)
def test_the_limit_of_a_container_counts(own: str | None, places: list[str], groups: Path) -> None:
    if own is not None:
        (groups / "own").write_text(own)
    write_group(groups / "a", {"memory.max": "max\n", "memory.current": "7\n"})
    for number, place in enumerate(places):
        stat = "anon 5\ninactive_file 300\nslab 1\n"
        limit = str(1_000_000 * (1 + number))
        files = {"memory.max": limit, "memory.current": "400000", "memory.stat": stat}
        write_group(groups / place, files)
    # Of two groups around each other, the tighter limit counts.
    assert free_memory_bytes(CPU) == 600_300


def test_the_first_version_of_control_groups(groups: Path) -> None:
    (groups / "own").write_text("4:cpu,cpuacct:/x\n3:memory:/y\n0::/\n")
    limit, usage = "memory.limit_in_bytes", "memory.usage_in_bytes"
    stat = {"memory.stat": "inactive_file 9\ntotal_inactive_file 50\n"}
    write_group(groups / "memory" / "y", {limit: "2000", usage: "1500", **stat})
    assert free_memory_bytes(CPU) == 550
    write_group(groups / "memory" / "y", {limit: str(2**63 - 4096)})
    assert free_memory_bytes(CPU) == 5_000_000
    write_group(groups / "memory" / "y", {limit: "2000", usage: "9000"})
    assert free_memory_bytes(CPU) == 0


def test_a_device_that_nobody_asks_tells_nothing() -> None:
    assert free_memory_bytes(torch.device("mps")) is None


def test_a_gpu_is_asked_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (7, 9))
    assert free_memory_bytes(torch.device("cuda")) == 7


@pytest.mark.parametrize(
    ("allowed", "is_demanded", "spare"),
    [
        (NEED.num_bytes, True, 0),
        (NEED.num_bytes - 5, True, 0),
        (NEED.num_bytes + 7, False, 7),
        (NEED.num_bytes + 2**30, True, 2**29),
        (NEED.num_bytes + 2**30, False, 2**26),
        (None, False, 2**26),
    ],
)
def test_what_is_left_may_be_spent_on_tiles(
    allowed: int | None, is_demanded: bool, spare: int
) -> None:
    assert NEED.spare_bytes(allowed, is_demanded=is_demanded) == spare
