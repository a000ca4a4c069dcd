"""The same picture, byte for byte, for any number of threads that torch has."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from ditherlab.devices import one_thread
from ditherlab.experiments import Cell, carry_out
from ditherlab.images import Picture, read_picture
from ditherlab.kernels import KERNELS_VARIABLE
from ditherlab.request.optimize_request import OptimizeRequest

ROOT = Path(__file__).parents[3]

PROGRAM = """
import hashlib
from tests.solving import solve
from tests.unit.solver.test_threads import large_photo
learned = solve(large_photo(), palette=6, steps=8, sweeps=2)
print(hashlib.sha256(learned.to_png()).hexdigest())
"""


def large_photo() -> Picture:
    """Return a photo on which 1, 2 and 4 threads of torch made three pictures."""
    photo = read_picture(ROOT / "images" / "astronaut.png")
    return photo.crop(left=100, top=60, width=300, height=200)


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("kernels", ["auto", "torch"])
def test_the_environment_sets_threads_and_not_the_picture(kernels):
    hashes = []
    for num_threads in (1, 2, 4):
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "OMP_NUM_THREADS": str(num_threads),
                KERNELS_VARIABLE: kernels,
            },
            capture_output=True,
            text=True,
            check=True,
        )
        hashes.append(ended.stdout)
    assert hashes[0]
    assert len(set(hashes)) == 1


@pytest.mark.parametrize("estimator", [None, "gumbel-softmax"])
def test_a_cell_of_a_sweep_reproduces_a_run_on_more_threads(estimator):
    photo = large_photo()
    request = OptimizeRequest(colors=6, steps=8, sweeps=2, estimator=estimator, device="cpu")
    torch.set_num_threads(4)
    solution = request.job(photo).run()
    assert torch.get_num_threads() == 4
    torch.set_num_threads(1)
    result = carry_out(Cell(photo, "", None, request, {}))
    assert result is not None
    assert result.palette == tuple(solution.palette.hex)
    assert result.expected_cost == solution.history.snapshots[-1].cost


def test_stages_know_how_many_threads_there_were():
    torch.set_num_threads(3)
    with one_thread() as num_threads:
        assert torch.get_num_threads() == 1
    assert (num_threads, torch.get_num_threads()) == (3, 3)
