"""The choice of the kernels, and the line that describes them."""

import ctypes
import os

import numpy as np
import pytest
import torch

from ditherlab import Palette, Picture
from ditherlab.errors import RequestError
from ditherlab.kernels import KERNELS_VARIABLE, describe_kernels, kernels_for
from ditherlab.kernels.library import Missing, find_library
from ditherlab.kernels.quadratic_form import FormStructure
from ditherlab.objectives import parse_objective
from ditherlab.problem import LearnedPalette, Problem
from ditherlab.protocol import Target
from ditherlab.solver.solver import optimize


@pytest.fixture
def picture():
    rows, columns = np.mgrid[0:40, 0:48]
    gray = (rows * 3 + columns * 2).astype(np.uint8)
    return Picture(np.stack([gray, gray[::-1], gray], axis=2), np.ones((40, 48), dtype=bool))


def test_torch_can_be_demanded(monkeypatch):
    monkeypatch.setenv(KERNELS_VARIABLE, "torch")
    assert kernels_for("cpu") is None
    assert describe_kernels() == "kernels: torch (DITHERLAB_KERNELS=torch)"


@pytest.mark.parametrize("device", ["cuda", "cuda:1", "mps"])
def test_other_devices_are_work_for_torch(device):
    assert kernels_for(device) is None


def test_compiled_kernels_are_named(library, monkeypatch):
    monkeypatch.setenv(KERNELS_VARIABLE, "compiled")
    assert kernels_for("cpu") is not None
    assert describe_kernels().startswith("kernels: compiled")


@pytest.mark.parametrize("value", ["yes", "c++", "/nowhere/kernels.so"])
def test_a_wrong_value_is_refused(monkeypatch, value):
    monkeypatch.setenv(KERNELS_VARIABLE, value)
    with pytest.raises(RequestError, match="must be auto, torch, compiled or the path"):
        kernels_for("cpu")


def test_a_foreign_library_is_refused(monkeypatch, tmp_path):
    path = tmp_path / "kernels.so"
    path.write_bytes(b"no library")
    monkeypatch.setenv(KERNELS_VARIABLE, str(path))
    with pytest.raises(RequestError, match=r"kernels\.so cannot be loaded"):
        kernels_for("cpu")


def test_missing_kernels_are_refused_only_if_they_are_demanded(monkeypatch):
    monkeypatch.setattr("ditherlab.kernels.library._SUFFIXES", ())
    find_library.cache_clear()
    try:
        assert find_library("auto") == Missing("not compiled")
        with pytest.raises(RequestError, match="Install a C\\+\\+ compiler"):
            find_library("compiled")
    finally:
        find_library.cache_clear()


@pytest.mark.parametrize("colors", ["fixed", 4])
def test_both_ways_end_at_nearly_the_same_cost(library, picture, monkeypatch, colors):
    fixed = Palette.from_hex(["000", "fff", "f00", "0a0", "44f"])
    problem = Problem(
        picture=picture, palette=fixed if colors == "fixed" else LearnedPalette(colors)
    )
    costs = []
    for way in ("torch", "compiled"):
        monkeypatch.setenv(KERNELS_VARIABLE, way)
        costs.append(optimize(problem).history.snapshots[-1].cost)
    # They end in other local optima, and the picture is small.
    assert costs[1] == pytest.approx(costs[0], rel=0.06)


@pytest.mark.skipif("ASAN_OPTIONS" in os.environ, reason="the sanitizer ends the process")
def test_a_lack_of_memory_is_an_error_of_python(library):
    """A picture of 2^30 x 2^30 pixels has no room; nothing of it is read."""
    form = FormStructure(2**30, 2**30, 1, 0, None, None, None)
    with pytest.raises(MemoryError):
        library.functions.ditherlab_mean_field_new(ctypes.byref(form), None)
    assert library.functions.ditherlab_take_failure() == 0


@pytest.mark.parametrize(("blur_px", "is_compiled"), [(2.0, True), (11.0, True), (13.0, False)])
def test_filters_that_reach_beyond_the_next_tile_are_work_for_torch(blur_px, is_compiled):
    target = Target(torch.rand((1, 3, 8, 8)), torch.ones((1, 1, 8, 8), dtype=torch.bool))
    cost = parse_objective(f"viewed-error(blur_px={blur_px})").bind(target)
    assert cost.quadratic_forms[0].can_be_compiled == is_compiled
