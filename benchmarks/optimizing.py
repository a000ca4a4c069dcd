"""Optimize three photos with each estimator for the same time, and renew `docs/optimizing-well.md`.

    .venv/bin/python benchmarks/optimizing.py [--cpu-seconds S]

Every run has one thread and the same CPU seconds, which hardly depend on what else the machine
does. It rewrites the tables of the page, its contact sheet and its JSON; the prose is by hand.
"""

import argparse
import json
import re
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import ditherlab as dl
from ditherlab.estimators import ESTIMATORS
from ditherlab.experiments import PriceList, fix_palette
from ditherlab.objectives import parse_objective
from ditherlab.optimizers import OPTIMIZERS
from ditherlab.schedules import parse_temperatures
from ditherlab.stages.descend import Descend
from ditherlab.stages.draw import Draw
from ditherlab.stages.nearest import Nearest

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "optimizing-well.md"
RESULTS = ROOT / "docs" / "optimizing-well"

# The left and top edge of a square with both smooth and busy parts.
PHOTOS = {"astronaut": (100, 0), "coffee": (180, 60), "chelsea": (100, 20)}
SIZE_PX = 256
NUM_COLORS = 8
MANY_STEPS = 1_000_000
SHOWN_PHOTO = "astronaut"
SHOWN_BOX_PX = (70, 30, 230, 190)
SHEET_COLUMNS = 4


@dataclass(frozen=True)
class Way:
    """How a picture is found: an estimator, an optimizer, and a temperature or none."""

    estimator: str
    optimizer: str = "adam"
    temperature: str = "-"

    @property
    def words(self) -> tuple[str, str, str]:
        """The cells of the table."""
        return self.estimator, self.optimizer, self.temperature


WAYS = {
    "ssim": (
        Way("moments"),
        Way("moments", temperature="0.3:0.003"),
        Way("linstat"),
        Way("linstat", "natural-gradient"),
        Way("local-leave-one-out"),
        Way("reinmax"),
        Way("reinmax", "natural-gradient"),
        Way("reinmax", "natural-gradient", "0.03:0.001"),
        Way("gumbel-softmax"),
        Way("st"),
        Way("leave-one-out"),
    ),
    "viewed-ssim": (
        Way("reinmax"),
        Way("reinmax", "natural-gradient"),
        Way("reinmax", "natural-gradient", "0.03:0.001"),
        Way("gumbel-softmax"),
        Way("local-leave-one-out"),
        Way("local-leave-one-out", "natural-gradient"),
        Way("st"),
        Way("leave-one-out"),
    ),
}


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Attributes:
        cost: Of the finished picture; nearest colors and Floyd-Steinberg beside it.
        drawn: The expected cost of pictures drawn at the end.
        entropy: Mean entropy of a pixel in nats at the end.
    """

    objective: str
    photo: str
    way: tuple[str, str, str]
    cost: float
    nearest: float
    floyd_steinberg: float
    drawn: float
    entropy: float
    num_steps: int
    num_evaluations: int
    cpu_s: float


@dataclass(frozen=True)
class Budget:
    """What a run may take.

    Attributes:
        cpu_seconds: Of one thread.
        num_steps: Annealing follows the steps, so an annealed run takes as many as the same
            without a temperature could.
    """

    cpu_seconds: float
    num_steps: int = MANY_STEPS


def problem_of(photo: str, objective: str) -> dl.Problem:
    """State the problem of a photo: a square of it, with fixed k-means colors."""
    left, top = PHOTOS[photo]
    picture = dl.read_picture(ROOT / "images" / f"{photo}.png")
    return fix_palette(
        dl.Problem(
            picture=picture.crop(left=left, top=top, width=SIZE_PX, height=SIZE_PX),
            palette=dl.LearnedPalette(NUM_COLORS),
            objective=parse_objective(objective),
        )
    )


def run(problem: dl.Problem, photo: str, way: Way, budget: Budget) -> tuple[Ended, dl.Solution]:
    """Optimize until the budget is spent, and price what came out."""
    start_s = time.process_time()
    temperature = None if way.temperature == "-" else parse_temperatures(way.temperature)
    descend = Descend(
        ESTIMATORS.parse(way.estimator),
        OPTIMIZERS.parse(way.optimizer),
        temperature,
        budget.num_steps,
    )
    solution = dl.optimize(
        problem,
        dl.Recipe((Nearest(), descend, Draw())),
        should_stop=lambda: time.process_time() - start_s >= budget.cpu_seconds,
        num_report_samples=4,
    )
    prices = PriceList.of(problem)
    nearest, diffused = (baseline.cost for baseline in prices.baselines())
    last = solution.history.snapshots[-1]
    ended = Ended(
        objective=str(problem.objective),
        photo=photo,
        way=way.words,
        cost=prices.price(solution.indices) or float("nan"),
        nearest=nearest or float("nan"),
        floyd_steinberg=diffused or float("nan"),
        drawn=last.cost,
        entropy=last.entropy,
        num_steps=solution.num_steps,
        num_evaluations=solution.history.num_evaluations,
        cpu_s=time.process_time() - start_s,
    )
    return ended, solution


def table(objective: str, results: Iterable[Ended]) -> str:
    """Write the costs of every way on every photo, and those of the baselines."""
    rows = [result for result in results if result.objective == objective]
    heads = [f"{photo}, H" for photo in PHOTOS]
    lines = ["| estimator | optimizer | T | " + " | ".join(heads) + " |", "|---" * 6 + "|"]
    first = {row.photo: row for row in reversed(rows)}
    for name, label in (("nearest", "*nearest colors*"), ("floyd_steinberg", "*Floyd-Steinberg*")):
        costs = (f"{getattr(first[photo], name):.4f}" for photo in PHOTOS)
        lines.append(f"| {label} | | | " + " | ".join(costs) + " |")
    for way in WAYS[objective]:
        cells = []
        for photo in PHOTOS:
            row = next(r for r in rows if r.photo == photo and r.way == way.words)
            best = min(row.nearest, row.floyd_steinberg)
            mark = "**" if row.cost < best else ""
            cells.append(f"{mark}{row.cost:.4f}{mark}, {row.entropy:.2f}")
        lines.append(f"| {' | '.join(way.words)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def contact_sheet(pictures: Iterable[np.ndarray]) -> Image.Image:
    """Put details of pictures beside one another, in double size."""
    left, top, right, bottom = SHOWN_BOX_PX
    details = [picture[top:bottom, left:right] for picture in pictures]
    height, width, gap = 2 * (bottom - top), 2 * (right - left), 8
    num_rows = -(-len(details) // SHEET_COLUMNS)
    size = (SHEET_COLUMNS * (width + gap) - gap, num_rows * (height + gap) - gap)
    sheet = Image.new("RGB", size, "white")
    for number, detail in enumerate(details):
        row, column = divmod(number, SHEET_COLUMNS)
        tile = Image.fromarray(detail).resize((width, height), Image.Resampling.NEAREST)
        sheet.paste(tile, (column * (width + gap), row * (height + gap)))
    return sheet


def replace_between(page: str, name: str, text: str) -> str:
    """Put a table between its two marks."""
    pattern = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
    return re.sub(pattern, lambda match: f"{match[1]}{text}\n{match[2]}", page, flags=re.DOTALL)


def main() -> None:
    """Run everything, and write it down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cpu-seconds", type=float, default=15.0, help="For each run.")
    cpu_seconds = parser.parse_args().cpu_seconds
    torch.set_num_threads(1)
    RESULTS.mkdir(exist_ok=True)
    results: list[Ended] = []
    page = PAGE.read_text()
    for objective, ways in WAYS.items():
        shown = []
        for photo in PHOTOS:
            problem = problem_of(photo, objective)
            if photo == SHOWN_PHOTO:
                colors = np.array(problem.fixed_palette.colors, dtype=np.uint8)
                baselines = PriceList.of(problem).baselines()
                shown = [problem.pictures[0].pixels, *(colors[b.indices] for b in baselines)]
            num_steps: dict[tuple[str, str], int] = {}
            for way in ways:
                found = num_steps.get(way.words[:2], MANY_STEPS)
                # A little time more, so that the annealing comes to its end.
                allowance = cpu_seconds if found == MANY_STEPS else 1.1 * cpu_seconds
                ended, solution = run(problem, photo, way, Budget(allowance, found))
                num_steps.setdefault(way.words[:2], ended.num_steps)
                results.append(ended)
                print(json.dumps(asdict(ended)), flush=True)
                if photo == SHOWN_PHOTO:
                    shown.append(solution.picture.pixels)
        contact_sheet(shown).save(RESULTS / f"{objective}.png", optimize=True)
        page = replace_between(page, objective, table(objective, results))
    PAGE.write_text(page)
    lines = "".join(f"{json.dumps(asdict(result))}\n" for result in results)
    (RESULTS / "runs.jsonl").write_text(lines)


if __name__ == "__main__":
    main()
