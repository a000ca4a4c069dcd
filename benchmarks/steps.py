"""Time a step and a whole run of every estimator beside a plain implementation of the same.

    .venv/bin/python benchmarks/steps.py [--quick] [--json] [--estimators NAME ...]

The plain implementations at the end of this file are what one writes in an hour with torch and
torchmetrics. Steps of both alternate within one process; whole runs alternate, each in a fresh
process, whose peak memory is reported. All timings are medians of CPU seconds on one thread, which
hardly depend on what else the machine does.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F  # noqa: N812
from torchmetrics.functional.image import structural_similarity_index_measure as ssim

import ditherlab as dl
from ditherlab.objectives import SSIM, ViewedError
from ditherlab.optimizers import PaletteDescent
from ditherlab.palette_learning.first_palette import first_palette
from ditherlab.protocol import Objective
from ditherlab.protocol.categorical import Categorical
from ditherlab.stages.annealing import Annealing
from ditherlab.stages.descend import Descend
from ditherlab.stages.draw import Draw
from ditherlab.stages.nearest import Nearest, nearest_logits
from ditherlab.stages.strategies import default_optimizer
from ditherlab.vision.color import srgb_to_linear

PHOTO = Path(__file__).resolve().parent.parent / "images" / "astronaut.png"

SIZES_PX = (256, 512)
NUM_COLORS = (8, 16)
WARM_UP_STEPS = 2


@dataclass(frozen=True)
class Effort:
    """How much is measured.

    Attributes:
        num_steps: Steps that are timed one by one.
        num_runs: Whole runs.
        num_run_steps: Steps of a whole run.
    """

    num_steps: int = 5
    num_runs: int = 3
    num_run_steps: int = 5


QUICK = Effort(num_steps=3, num_runs=1, num_run_steps=5)


@dataclass(frozen=True)
class Cell:
    """What is timed: a size, a number of colors to learn, and an estimator."""

    size_px: int
    num_colors: int
    estimator: str

    @property
    def objective(self) -> Objective:
        """The second post's objective; for the exact expectation, the program's own."""
        return ViewedError() if self.estimator == "moments" else SSIM()

    def problem(self) -> dl.Problem:
        """State it for the library."""
        photo = Image.open(PHOTO).convert("RGB")
        shrunk = photo.resize((self.size_px, self.size_px), Image.Resampling.LANCZOS)
        return dl.Problem(
            picture=dl.Picture(np.array(shrunk), np.ones((self.size_px,) * 2, dtype=bool)),
            palette=dl.LearnedPalette(self.num_colors),
            objective=self.objective,
        )

    def recipe(self, problem: dl.Problem, num_steps: int) -> dl.Recipe:
        """Return the way to the picture: a descent from the nearest colors."""
        descend = Descend(dl.ESTIMATORS.parse(self.estimator), steps=num_steps)
        return dl.Recipe((Nearest(), descend, Draw())).resolved(problem)


@dataclass(frozen=True)
class Timing:
    """CPU seconds of one thing in both implementations; None where there is no plain one."""

    library_s: float
    plain_s: float | None

    @property
    def ratio(self) -> float | None:
        """How many times longer the plain one takes."""
        return None if self.plain_s is None else self.plain_s / self.library_s


def time_steps(cell: Cell, effort: Effort) -> dict[str, Any]:
    """Time single steps of both, in turn, in this process."""
    problem = cell.problem()
    steps: list[Callable[[], object]] = [LibrarySteps(cell, problem).step]
    if cell.estimator in LOSSES:
        steps.append(PlainSteps(problem, LOSSES[cell.estimator]).step)
    seconds: list[list[float]] = [[] for _ in steps]
    for _ in range(WARM_UP_STEPS + effort.num_steps):
        for step, taken in zip(steps, seconds, strict=True):
            start_s = time.process_time()
            step()
            taken.append(time.process_time() - start_s)
    medians = [median(taken[WARM_UP_STEPS:]) for taken in seconds]
    return asdict(Timing(medians[0], medians[1] if len(medians) > 1 else None))


def run_library(cell: Cell, effort: Effort) -> dict[str, Any]:
    """Time a whole run of the library, picture to indices."""
    problem = cell.problem()
    recipe = cell.recipe(problem, effort.num_run_steps)
    start_s = time.process_time()
    dl.optimize(problem, recipe, device="cpu")
    return {"seconds": time.process_time() - start_s, "peak_bytes": peak_memory_bytes()}


def run_plain(cell: Cell, effort: Effort) -> dict[str, Any]:
    """Time a whole run of the plain implementation, picture to indices."""
    problem = cell.problem()
    start_s = time.process_time()
    plain = PlainSteps(problem, LOSSES[cell.estimator])
    for _ in range(effort.num_run_steps):
        plain.step()
    plain.logits.argmax(dim=1)
    return {"seconds": time.process_time() - start_s, "peak_bytes": peak_memory_bytes()}


TASKS = {"steps": time_steps, "library": run_library, "plain": run_plain}


def peak_memory_bytes() -> int:
    """Return the most memory that this process ever held, torch itself included."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def in_fresh_process(task: str, cell: Cell, effort: Effort) -> dict[str, Any]:
    """Run one of `TASKS` in a process of its own."""
    order = json.dumps({"task": task, "cell": asdict(cell), "effort": asdict(effort)})
    command = [sys.executable, __file__, "--order", order]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@dataclass(frozen=True)
class Row:
    """Everything measured of one cell; memory is the peak of a whole run's process."""

    cell: Cell
    step: Timing
    run: Timing
    library_bytes: int
    plain_bytes: int | None

    @classmethod
    def of(cls, cell: Cell, effort: Effort) -> "Row":
        """Measure a cell."""
        step = Timing(**in_fresh_process("steps", cell, effort))
        tasks = ["library", "plain"] if cell.estimator in LOSSES else ["library"]
        rounds = [
            {task: in_fresh_process(task, cell, effort) for task in tasks}
            for _ in range(effort.num_runs)
        ]
        seconds = {task: median(results[task]["seconds"] for results in rounds) for task in tasks}
        peaks = {task: max(results[task]["peak_bytes"] for results in rounds) for task in tasks}
        run = Timing(seconds["library"], seconds.get("plain"))
        return cls(cell, step, run, peaks["library"], peaks.get("plain"))

    def json(self) -> str:
        """Write one line of JSON."""
        ratios = {"step_ratio": self.step.ratio, "run_ratio": self.run.ratio}
        return json.dumps({**asdict(self), "objective": str(self.cell.objective), **ratios})

    def markdown(self) -> str:
        """Write one row of the table."""
        cell = self.cell
        cells = [
            f"{cell.size_px}²",
            str(cell.num_colors),
            f"`{cell.estimator}`",
            _figures(1000 * self.step.library_s, self.step.plain_s and 1000 * self.step.plain_s),
            _figures(self.run.library_s, self.run.plain_s),
            _figures(self.library_bytes / 2**20, self.plain_bytes and self.plain_bytes / 2**20),
        ]
        return f"| {' | '.join(cells)} |"


HEAD = """\
| pixels | colors | estimator | a step, ms: library, plain, ratio | a run, s | peak memory, MiB |
|---|---|---|---|---|---|"""


def _figures(library: float, plain: float | None) -> str:
    if plain is None:
        return _figure(library)
    return f"{_figure(library)}, {_figure(plain)}, **{plain / library:.1f}**"


def _figure(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


class LibrarySteps:
    """The library's estimator and optimizer, a step at a time."""

    def __init__(self, cell: Cell, problem: dl.Problem) -> None:
        target = problem.target()
        self.generator = torch.Generator().manual_seed(0)
        self.cost = problem.objective.bind(target)
        palette, _ = first_palette(target, problem.num_colors, self.generator)
        logits = nearest_logits(target.images, palette, self.generator)
        self.estimator = dl.ESTIMATORS.parse(cell.estimator)
        self.optimizer = default_optimizer(problem.objective, self.estimator)
        self.annealing = Annealing.of(self.estimator, problem.objective, None)
        self.pixels = self.optimizer.start(logits)
        self.colors = PaletteDescent().start(palette)
        self.model = Categorical.from_logits(logits, palette, learns_palette=True)
        self.baseline: object = None

    @torch.no_grad()
    def step(self) -> None:
        estimate, self.baseline = self.estimator.estimate(
            self.model, self.cost, self.generator, self.baseline
        )
        weight = self.annealing.entropy_weight(0.5, estimate)
        probs = self.optimizer.step(self.pixels, estimate, weight, self.generator)
        palette = self.model.palette
        if estimate.grad_palette is not None:
            palette = PaletteDescent().step(self.colors, estimate.grad_palette)
        self.model = Categorical(probs, palette, learns_palette=True)


class PlainSteps:
    """Logits and palette as two leaves, a loss, and torch's Adam."""

    def __init__(self, problem: dl.Problem, loss: Callable[["PlainSteps"], Tensor]) -> None:
        self.loss = loss
        (picture,) = problem.pictures
        self.target = picture.to_srgb()
        quantized = Image.fromarray(picture.pixels).quantize(problem.num_colors)
        colors = torch.tensor(quantized.getpalette()).view(-1, 3)[: problem.num_colors] / 255
        distances = (self.target.unsqueeze(1) - colors[None, :, :, None, None]).square().sum(dim=2)
        self.logits = (-30 * distances).requires_grad_()
        self.palette = colors.requires_grad_()
        self.adam = torch.optim.Adam(
            [{"params": [self.logits], "lr": 0.1}, {"params": [self.palette], "lr": 0.01}],
            eps=1e-15,
        )

    def step(self) -> None:
        self.adam.zero_grad()
        self.loss(self).backward()
        self.adam.step()
        with torch.no_grad():
            self.palette.clamp_(0, 1)


def gumbel_softmax(plain: PlainSteps) -> Tensor:
    """Relax one picture; without the cost of a hard picture, which the library also reports."""
    weights = F.gumbel_softmax(plain.logits, tau=0.5, dim=1)
    images = torch.einsum("bkhw,kc->bchw", weights, plain.palette)
    return 1 - ssim(images, plain.target, sigma=1.5, data_range=1.0)


def score_function(plain: PlainSteps, *, leave_one_out: bool = False) -> Tensor:
    """Draw four pictures, and make a surrogate of costs and log probabilities."""
    num_samples = 4
    pixels = torch.distributions.Categorical(logits=plain.logits.movedim(1, -1))
    indices = pixels.sample((num_samples,))
    images = plain.palette[indices].flatten(0, 1).movedim(-1, 1)
    targets = plain.target.expand(num_samples, -1, -1, -1)
    costs = 1 - ssim(images, targets, sigma=1.5, data_range=1.0, reduction="none")
    advantages = costs.detach()
    if leave_one_out:
        advantages = (advantages - advantages.mean()) * num_samples / (num_samples - 1)
    log_probs = pixels.log_prob(indices).sum(dim=(1, 2, 3))
    return (advantages * log_probs + costs).mean()


def leave_one_out(plain: PlainSteps) -> Tensor:
    """The same with the other draws as baseline."""
    return score_function(plain, leave_one_out=True)


def straight_through(plain: PlainSteps) -> Tensor:
    """Show a hard picture, and pass its gradient to the probabilities."""
    probs = plain.logits.softmax(dim=1)
    indices = torch.distributions.Categorical(probs=probs.movedim(1, -1)).sample()
    hard = F.one_hot(indices, probs.shape[1]).movedim(-1, 1)
    images = torch.einsum("bkhw,kc->bchw", hard + probs - probs.detach(), plain.palette)
    return 1 - ssim(images, plain.target, sigma=1.5, data_range=1.0)


def viewed_error(plain: PlainSteps) -> Tensor:
    """Price mean and variance behind a Gaussian blur of 1 px in linear light."""
    probs, palette = plain.logits.softmax(dim=1), srgb_to_linear(plain.palette)
    mean = torch.einsum("bkhw,kc->bchw", probs, palette)
    variance = torch.einsum("bkhw,kc->bchw", probs, palette.square()) - mean.square()
    target = srgb_to_linear(plain.target)
    weights = (blur(target).clamp_min(0.01) ** (1 / 2.4 - 1) * 1.055 / 2.4).square()
    return (weights * (blur(mean - target).square() + blur(variance, power=2))).mean()


def blur(images: Tensor, power: int = 1) -> Tensor:
    """Blur with a Gaussian kernel of 1 px, raised to a power."""
    taps = torch.exp(-0.5 * torch.arange(-4.0, 5.0).square())
    kernel = torch.outer(taps, taps) / taps.sum() ** 2
    kernels = (kernel**power).expand(images.shape[1], 1, -1, -1)
    return F.conv2d(F.pad(images, (4,) * 4, mode="reflect"), kernels, groups=images.shape[1])


LOSSES: Mapping[str, Callable[[PlainSteps], Tensor]] = {
    "score-function": score_function,
    "leave-one-out": leave_one_out,
    "gumbel-softmax": gumbel_softmax,
    "st": straight_through,
    "moments": viewed_error,
}


def cells(estimators: Sequence[str], *, is_quick: bool) -> Iterator[Cell]:
    """List what is to be measured; some estimators work with two colors only."""
    sizes_px, num_colors = (SIZES_PX[:1], NUM_COLORS[:1]) if is_quick else (SIZES_PX, NUM_COLORS)
    for size_px, k, estimator in product(sizes_px, num_colors, estimators):
        cell = Cell(size_px, k, estimator)
        try:
            cell.recipe(cell.problem(), num_steps=1)
        except dl.DitherlabError as error:
            print(f"{estimator}, {k} colors: {error}", file=sys.stderr)
        else:
            yield cell


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the smallest size, fewer runs")
    parser.add_argument("--json", action="store_true", help="JSON lines, not a Markdown table")
    parser.add_argument(
        "--estimators",
        nargs="+",
        default=list(dl.ESTIMATORS.classes),
        metavar="NAME",
        help="which of them, e.g. 'leave-one-out(num_samples=8)' (default: all)",
    )
    parser.add_argument("--order", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.order is not None:
        torch.set_num_threads(1)
        order = json.loads(arguments.order)
        result = TASKS[order["task"]](Cell(**order["cell"]), Effort(**order["effort"]))
        print(json.dumps(result))
        return
    if not arguments.json:
        print(HEAD)
    for cell in cells(arguments.estimators, is_quick=arguments.quick):
        row = Row.of(cell, QUICK if arguments.quick else Effort())
        print(row.json() if arguments.json else row.markdown(), flush=True)


if __name__ == "__main__":
    main()
