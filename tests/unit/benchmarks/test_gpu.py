import itertools
import sys

import pytest
import torch

from benchmarks import gpu

FIELDS = {
    "case": str,
    "side_px": int,
    "num_colors": int,
    "recipe": str,
    "device": str,
    "seconds": float,
    "stages_s": dict,
    "cost": float,
    "peak_bytes": (int, type(None)),
}


def test_a_row_has_a_stated_form():
    ticks = itertools.count()
    cases = gpu.list_cases((16,))
    rows = list(gpu.measure(cases, torch.device("cpu"), 1e9, lambda: float(next(ticks))))
    assert [row["case"] for row in rows] == ["fixed", "learned"]
    for row in rows:
        assert set(row) == set(FIELDS)
        assert all(isinstance(row[name], kind) for name, kind in FIELDS.items())
        assert all(seconds > 0 for seconds in row["stages_s"].values())
    assert list(rows[1]["stages_s"]) == ["learn-palette", "polish"]


def test_cases_that_would_take_too_long_are_left_out():
    ticks = itertools.count()
    cases = [gpu.Case("fixed", 12, "black-and-white")] * 3
    clock = lambda: float(next(ticks))  # noqa: E731
    (row,) = gpu.measure(cases, torch.device("cpu"), 150, clock)
    assert row["seconds"] > 20


def test_without_a_gpu_it_says_so(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(sys, "argv", ["gpu"])
    with pytest.raises(SystemExit, match=r"^benchmarks.gpu needs a GPU\. The device must be one"):
        gpu.main()
