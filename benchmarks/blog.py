"""Reproduce the two blog posts on a photo of 900 x 450 pixels, and renew `docs/blog`.

`scripts/reproduce_blog` runs this. It writes the pictures, the plot and the tables of the page; the
page's prose, between the tables, is written by hand.
"""

import argparse
import json
import math
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import ditherlab as dl
from ditherlab.estimators import GumbelSoftmax, LeaveOneOut, ScoreFunction
from ditherlab.objectives import SSIM, Variance
from ditherlab.protocol import Estimator
from ditherlab.report import RunReport
from ditherlab.stages.descend import Descend
from ditherlab.stages.draw import Draw
from ditherlab.stages.nearest import Nearest

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "blog"

SIZE_PX = (900, 450)
CROP_PX = (640, 320)

NUM_COLORS = (16, 8, 2)
WEIGHTS = (0.25, 0.5, 1.0)
# Two colors are so far apart here that the weights above leave hardly any dither.
EXTRA_CASE = (2, 0.05)

NUM_STEPS = 150

ESTIMATORS = (ScoreFunction(baseline="none"), LeaveOneOut(), GumbelSoftmax())
MANY_STEPS = 1_000_000
"""More than there is time for."""

MEASURED_NUM_COLORS = (16, 256)

LINE_COLORS = ("#b2182b", "#2166ac", "#1b7837")

DETAIL_BOX_PX = (480, 165, 690, 265)
DETAIL_SCALE = 4


@dataclass(frozen=True)
class Study:
    """A picture that was found, and where it lies beside the page.

    Attributes:
        file: Its file name.
        solution: The picture and its history.
        report: Its figures, and those of its baselines.
        snapshot_cpu_s: CPU seconds at each snapshot of the history.
    """

    file: str
    solution: dl.Solution
    report: RunReport
    snapshot_cpu_s: tuple[float, ...]

    @classmethod
    def of(
        cls, problem: dl.Problem, recipe: dl.Recipe, file: str, max_cpu_s: float = math.inf
    ) -> "Study":
        """Solve a problem and write its picture."""
        start_s = time.process_time()
        cpu_s: list[float] = []
        solution = dl.optimize(
            problem,
            recipe,
            on_progress=lambda _snapshot: cpu_s.append(time.process_time() - start_s),
            should_stop=lambda: time.process_time() - start_s >= max_cpu_s,
        )
        solution.save(FOLDER / file, overwrite=True)
        print(f"{file}: {solution.num_steps} steps, {cpu_s[-1]:.0f} CPU seconds", flush=True)
        return cls(file, solution, RunReport.of(solution, file), tuple(cpu_s))

    @property
    def figures(self) -> Mapping[str, str]:
        """What every table says of a picture."""
        (_, floyd_steinberg), result = self.report.baselines, self.report.result
        last = self.solution.history.snapshots[-1]
        return {
            "entropy": f"{last.entropy:.2f}",
            "`raw`": f"{result.metrics['raw']:.3f}",
            "`ls`": f"{result.metrics['ls']:.3f}",
            "`ls` of F-S": f"{floyd_steinberg.metrics['ls']:.3f}",
            "KB": f"{result.num_bytes / 1000:.0f}",
        }

    @property
    def estimator(self) -> str:
        """The estimator of its gradients."""
        (words,) = [s.estimator for s in self.solution.recipe.stages if isinstance(s, Descend)]
        return str(words)

    @property
    def link(self) -> str:
        """A link to the picture."""
        return f"[picture]({self.file})"


def read_photo() -> dl.Picture:
    """Enlarge the center of scikit-learn's `flower.jpg` to the size of the post's photo."""
    from sklearn.datasets import load_sample_image

    photo = Image.fromarray(load_sample_image("flower.jpg"))
    left, top = ((whole - part) // 2 for whole, part in zip(photo.size, CROP_PX, strict=True))
    center = photo.crop((left, top, left + CROP_PX[0], top + CROP_PX[1]))
    pixels = np.array(center.resize(SIZE_PX, Image.Resampling.LANCZOS))
    opaque = np.ones(pixels.shape[:2], dtype=bool)
    return dl.Picture(pixels=pixels, opaque=opaque, name="flower")


def variance_problem(photo: dl.Picture, num_colors: int, c: float) -> dl.Problem:
    """State the first post's problem."""
    return dl.Problem(
        picture=photo,
        palette=dl.LearnedPalette(num_colors),
        objective=Variance(c=c),
    )


def descent(problem: dl.Problem, num_steps: int, estimator: Estimator | None = None) -> dl.Recipe:
    """Return the way of both posts: from the nearest colors, along the gradient, and a draw."""
    return dl.Recipe((Nearest(), Descend(estimator, steps=num_steps), Draw())).resolved(problem)


def study_variance(photo: dl.Picture) -> list[Study]:
    """Solve the first post's problem with every palette size and weight."""
    cases = [(num_colors, c) for num_colors in NUM_COLORS for c in WEIGHTS]
    problems = {case: variance_problem(photo, *case) for case in [*cases, EXTRA_CASE]}
    return [
        Study.of(problem, descent(problem, NUM_STEPS), f"variance-{num_colors}-c{c:g}.png")
        for (num_colors, c), problem in problems.items()
    ]


def study_ssim(
    photo: dl.Picture, palette: dl.Palette | dl.LearnedPalette, max_cpu_s: float
) -> list[Study]:
    """Give every estimator the same start and the same time for the second post's problem."""
    problem = dl.Problem(picture=photo, palette=palette, objective=SSIM())
    kind = "learned" if problem.learns_palette else "fixed"
    return [
        Study.of(
            problem,
            descent(problem, MANY_STEPS, estimator),
            f"ssim-{kind}-{str(estimator).partition('(')[0]}.png",
            max_cpu_s,
        )
        for estimator in ESTIMATORS
    ]


def variance_table(studies: Iterable[Study]) -> str:
    """Tell what came out of the first post's problem."""
    rows = []
    for study in studies:
        first, *_, last = study.solution.history.snapshots
        objective = study.solution.problem.objective
        rows.append(
            {
                "colors": str(study.solution.problem.num_colors),
                "c": f"{objective.c:g}" if isinstance(objective, Variance) else "",
                "loss at the start": f"{first.cost:.5f}",
                "at the end": f"{last.cost:.5f}",
                **study.figures,
                "": study.link,
            }
        )
    return table(rows)


def ssim_table(studies: Iterable[Study]) -> str:
    """Tell how far each estimator came."""
    rows = []
    for study in studies:
        history = study.solution.history
        rows.append(
            {
                "palette": palette_kind(study),
                "estimator": f"`{study.estimator}`",
                "steps": str(study.solution.num_steps),
                "evaluations": str(history.num_evaluations),
                "1 - SSIM at the start": f"{history.snapshots[0].cost:.4f}",
                "at the end": f"{history.snapshots[-1].cost:.4f}",
                **study.figures,
                "": study.link,
            }
        )
    return table(rows)


def palette_kind(study: Study) -> str:
    """Say whether the palette moved."""
    return "learned along" if study.solution.problem.learns_palette else "held fixed"


def cost_table() -> str:
    """Tell what the first post's problem takes, each case in a process of its own."""
    return table(
        [
            {
                "colors": str(num_colors),
                "steps": f"{measured['steps']:.0f}",
                "seconds": f"{measured['seconds']:.0f}",
                "CPU seconds": f"{measured['cpu_seconds']:.0f}",
                "peak memory in GiB": f"{measured['peak_bytes'] / 2**30:.2f}",
            }
            for num_colors in MEASURED_NUM_COLORS
            for measured in [measure_in_fresh_process(num_colors)]
        ]
    )


def measure_in_fresh_process(num_colors: int) -> Mapping[str, float]:
    """Run this program again with `--measure`."""
    command = [sys.executable, __file__, "--measure", str(num_colors)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    measured: Mapping[str, float] = json.loads(done.stdout)
    print(f"{num_colors} colors: {measured}", flush=True)
    return measured


def measure(num_colors: int) -> Mapping[str, float]:
    """Solve the first post's problem with its own weight; peak memory is that of this process."""
    photo = read_photo()
    start_s, start_cpu_s = time.perf_counter(), time.process_time()
    problem = variance_problem(photo, num_colors, WEIGHTS[0])
    solution = dl.optimize(problem, descent(problem, NUM_STEPS))
    return {
        "steps": solution.num_steps,
        "seconds": time.perf_counter() - start_s,
        "cpu_seconds": time.process_time() - start_cpu_s,
        "peak_bytes": peak_memory_bytes(),
    }


def peak_memory_bytes() -> int:
    """Return the most memory that this process ever held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def plot_costs(panels: Sequence[Sequence[Study]], file: str) -> None:
    """Draw the cost on hard draws over time: a panel for each palette, a line an estimator."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, every_axes = plt.subplots(
        1, len(panels), figsize=(9, 4), sharex=True, sharey=True, layout="constrained"
    )
    for axes, studies in zip(every_axes, panels, strict=True):
        for study, color in zip(studies, LINE_COLORS, strict=True):
            costs = [snapshot.cost for snapshot in study.solution.history.snapshots]
            axes.plot(study.snapshot_cpu_s, costs, color=color, label=study.estimator)
        axes.set(title=f"palette {palette_kind(studies[0])}", xlabel="CPU seconds", ylim=(0, 1))
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    every_axes[0].set_ylabel("1 - SSIM of drawn pictures")
    every_axes[0].legend(frameon=False)
    figure.savefig(FOLDER / file, dpi=100, metadata={"Software": None})


def write_details(photo: dl.Picture, studies: Sequence[Study], file: str) -> None:
    """Show a part of the photo and of some pictures, enlarged pixel by pixel, in two columns."""
    left, top, right, bottom = DETAIL_BOX_PX
    pictures = [photo, *(study.solution.picture for study in studies)]
    parts = [picture.pixels[top:bottom, left:right] for picture in pictures]
    rows = [np.concatenate(parts[i : i + 2], axis=1) for i in range(0, len(parts), 2)]
    enlarged = np.concatenate(rows).repeat(DETAIL_SCALE, axis=0).repeat(DETAIL_SCALE, axis=1)
    # The original alone has more colors than an indexed PNG; here it only stands for comparison.
    Image.fromarray(enlarged).quantize(256, dither=Image.Dither.NONE).save(
        FOLDER / file, optimize=True
    )


def table(rows: Sequence[Mapping[str, str]]) -> str:
    """Write a Markdown table whose heads are the keys."""
    heads = list(rows[0])
    lines = [heads, ["---"] * len(heads), *(list(row.values()) for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def renew_page(path: Path, tables: Mapping[str, str]) -> None:
    """Replace the page's tables, each between its two comments."""
    page = path.read_text()
    for name, text in tables.items():
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        page, num_found = pattern.subn(f"{begin}\n{text}\n{end}", page)
        if num_found != 1:
            raise SystemExit(f"{path} must hold {begin} ... {end} once, found {num_found}.")
    path.write_text(page)


def reproduce(max_cpu_s: float) -> None:
    """Renew everything in `docs/blog`."""
    photo = read_photo()
    Image.fromarray(photo.pixels).save(FOLDER / "photo.jpg", quality=88, optimize=True)
    costs = cost_table()
    # Seconds of one thread hardly depend on what else the machine does, so equal times are equal.
    torch.set_num_threads(1)
    variance = study_variance(photo)
    learned = study_ssim(photo, dl.LearnedPalette(16), max_cpu_s)
    fixed = study_ssim(photo, variance[0].solution.palette, max_cpu_s)
    plot_costs([learned, fixed], "ssim-cost-over-time.png")
    write_details(photo, [variance[0], variance[2], learned[-1]], "details.png")
    tables = {
        "costs": costs,
        "variance": variance_table(variance),
        "ssim": ssim_table([*learned, *fixed]),
    }
    renew_page(FOLDER / "README.md", tables)


def main() -> None:
    parser = argparse.ArgumentParser(prog="reproduce_blog", description=__doc__)
    parser.add_argument(
        "--cpu-seconds",
        type=float,
        default=90.0,
        help="time for each estimator of expected SSIM (default: 90)",
    )
    parser.add_argument("--measure", type=int, metavar="K", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure is None:
        reproduce(arguments.cpu_seconds)
    else:
        print(json.dumps(measure(arguments.measure)))


if __name__ == "__main__":
    main()
