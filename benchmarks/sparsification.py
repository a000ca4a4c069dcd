"""Measure what random sparsification saves and what it costs, each variant in its own process.

    .venv/bin/python benchmarks/sparsification.py  # half a minute; prints the table

The table stands in `docs/estimators/moments-and-exact.md`. "Saved" is what autograd holds at its
peak for the way back, each block of memory once; "peak" is what the process takes above what it
had before the gradient, as the system tells (on Linux; in MiB).
"""

import argparse
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import ditherlab as dl
from ditherlab.estimators import ESTIMATORS, Moments
from ditherlab.experiments import GradientProblem
from ditherlab.randomness import seeded_generator

ASTRONAUT = Path(__file__).resolve().parent.parent / "images" / "astronaut.png"
SIZE_PX, NUM_COLORS, NUM_DRAWS = 512, 8, 8
MIB = 2**20

ONE_BY_ONE = "one by one"
ALL_AT_ONCE = f"st(num_samples={NUM_DRAWS})"
VARIANTS = {
    "`st`, all draws at once": ALL_AT_ONCE,
    "`st`, one draw after the other": ONE_BY_ONE,
    **{
        f"`keep={keep}`": f"random-sparsification(estimator={ALL_AT_ONCE}, keep={keep})"
        for keep in (1, 0.3, 0.1, 0.03)
    },
}


class HeldMemory:
    """Counts what autograd holds, block by block."""

    def __init__(self) -> None:
        self.most = 0
        self._blocks: dict[int, tuple[int, int]] = {}

    def take(self, size: int, block: int, change: int) -> None:
        """Note that a block is held once more, or once less."""
        users = self._blocks.get(block, (size, 0))[1] + change
        self._blocks[block] = (size, users)
        if not users:
            del self._blocks[block]
        self.most = max(self.most, sum(size for size, _ in self._blocks.values()))

    def hold(self, tensor: Tensor) -> "Held":
        """Hold a tensor, for autograd."""
        return Held(self, tensor)


class Held:
    """A tensor that autograd holds until this is gone."""

    def __init__(self, memory: HeldMemory, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        self.tensor, self._memory = tensor, memory
        self._size, self._block = storage.nbytes(), storage.data_ptr()
        memory.take(self._size, self._block, 1)

    def __del__(self) -> None:
        self._memory.take(self._size, self._block, -1)


def main() -> None:
    """Print the table, or measure one variant."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--variant", choices=VARIANTS)
    variant = parser.parse_args().variant
    if variant is not None:
        print(measure(VARIANTS[variant]))
        return
    print("| | saved, MiB | peak, MiB | relative error |")
    print("|---|---|---|---|")
    for name in VARIANTS:
        words = [sys.executable, __file__, "--variant", name]
        figures = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        print(f"| {name} | {figures.strip()} |", flush=True)


def measure(words: str) -> str:
    """Take one gradient, and say what it took."""
    torch.set_num_threads(1)
    photo = dl.read_picture(ASTRONAUT).crop(left=0, top=0, width=SIZE_PX, height=SIZE_PX)
    objective = dl.parse_objective("ssim")
    palette = dl.LearnedPalette(NUM_COLORS)
    problem = dl.Problem(picture=photo, palette=palette, objective=objective)
    place = GradientProblem.of(problem, "flat", device="cpu")
    generator = seeded_generator(0)
    memory, before = HeldMemory(), peak_mib()
    with torch.autograd.graph.saved_tensors_hooks(memory.hold, lambda held: held.tensor):
        gradient = take_gradient(words, place, generator)
    taken = peak_mib() - before
    exact = Moments().estimate(place.model, place.cost, generator)[0].grad_logits
    error = float((gradient - exact).norm() / exact.norm())
    return f"{memory.most / MIB:.0f} | {taken:.0f} | {error:.2g}"


def take_gradient(words: str, place: GradientProblem, generator: torch.Generator) -> Tensor:
    """Estimate once; or draw by draw, and take the mean."""
    if words != ONE_BY_ONE:
        estimate, _ = ESTIMATORS.parse(words).estimate(place.model, place.cost, generator)
        return estimate.grad_logits
    total: Any = 0
    for _ in range(NUM_DRAWS):
        estimate, _ = ESTIMATORS.parse("st").estimate(place.model, place.cost, generator)
        total = total + estimate.grad_logits
    mean: Tensor = total / NUM_DRAWS
    return mean


def peak_mib() -> float:
    """Return the most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
